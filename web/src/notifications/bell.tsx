import { useState } from "react";
import { useText } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { useDismissal } from "../ui/use-dismissal.ts";
import { NotificationRow } from "./notification-row.tsx";
import { useLiveNotifications } from "./use-live.ts";
import { useMarkRead, useNotifications, useUnread } from "./use-notifications.ts";

/** Number of notifications in the popup. */
const shownHere = 6;

/** Live unread count, with the latest notifications in a popup. */
export function Bell() {
  const text = useText();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const { button, frame } = useDismissal(open, close);
  const unread = useUnread();
  useLiveNotifications();
  const label = unread > 0 ? text.nav.unread(unread) : text.nav.notifications;
  return (
    <div {...frame} className="relative">
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
        className="relative flex size-9 items-center justify-center rounded-lg text-soft transition-colors hover:bg-sunken hover:text-ink"
      >
        <Icon name="bell" />
        {unread > 0 && (
          <span
            aria-hidden="true"
            // The button's label includes the number.
            data-count={unread > 99 ? "99+" : unread}
            className="absolute top-0.5 right-0 before:content-[attr(data-count)] min-w-4 rounded-full bg-bad px-1 text-center text-[0.625rem] leading-4 font-bold text-surface tabular-nums"
          />
        )}
      </button>
      {open && <Latest onClose={close} />}
    </div>
  );
}

function Latest({ onClose }: { onClose(): void }) {
  const words = useTellingText().notifications;
  const unread = useUnread();
  const query = useNotifications(false);
  const read = useMarkRead();
  const list = query.data?.pages.flatMap((page) => page.items).slice(0, shownHere) ?? [];
  return (
    <section
      aria-label={words.title}
      className="card fixed inset-x-3 top-14 z-40 flex max-h-[80dvh] animate-[rise_120ms_ease-out] flex-col overflow-hidden shadow-2xl sm:absolute sm:inset-x-auto sm:top-full sm:right-0 sm:mt-2 sm:w-96"
    >
      <div className="flex items-center justify-between gap-3 border-b border-line px-4 py-2.5">
        <h2 className="font-semibold">{words.title}</h2>
        {unread > 0 && (
          <Button size="small" look="quiet" disabled={read.isPending} onClick={() => read.mutate("all")}>
            {words.readAll(unread)}
          </Button>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {query.data && list.length === 0 && (
          <p className="px-4 py-8 text-center text-sm text-soft">{words.emptyHint}</p>
        )}
        <ul className="divide-y divide-line">
          {list.map((one) => (
            <NotificationRow key={one.id} notification={one} onFollow={onClose} />
          ))}
        </ul>
      </div>
      <Link
        href={paths.notifications}
        onClick={onClose}
        className="border-t border-line px-4 py-3 text-center text-sm font-medium text-accent hover:bg-sunken"
      >
        {words.seeAll}
      </Link>
    </section>
  );
}
