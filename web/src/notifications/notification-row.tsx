import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useLocale } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { Link } from "../router/link.tsx";
import { IconButton } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import type { Kind, Notification } from "./api.ts";
import { useMarkRead } from "./use-notifications.ts";

const looks: Record<Kind, { icon: IconName; tone: string }> = {
  "job.ended": { icon: "check", tone: "bg-good-soft text-good" },
  "job.failed": { icon: "alert", tone: "bg-bad-soft text-bad" },
  "results.expiring": { icon: "clock", tone: "bg-warn-soft text-warn" },
  "results.expired": { icon: "clock", tone: "bg-sunken text-soft" },
  "webhook.disabled": { icon: "webhook", tone: "bg-bad-soft text-bad" },
  "webhook.exhausted": { icon: "webhook", tone: "bg-warn-soft text-warn" },
  "quota.warning": { icon: "gauge", tone: "bg-warn-soft text-warn" },
};

interface Props {
  notification: Notification;
  /** Offer to mark it as read without opening it. */
  markable?: boolean;
  onFollow?(): void;
}

export function NotificationRow({ notification, markable, onFollow }: Props) {
  const words = useTellingText().notifications;
  const locale = useLocale();
  const now = useNow(30_000);
  const read = useMarkRead();
  const { id, kind, at, readAt, title, text, path } = notification;
  const { icon, tone } = looks[kind];
  const isCancelled = notification.data.state === "cancelled";
  function follow(): void {
    if (readAt === null) read.mutate(id);
    onFollow?.();
  }
  return (
    <li className="relative flex items-start gap-3.5 px-4 py-3.5 transition-colors hover:bg-sunken/60 has-focus-visible:bg-sunken/60">
      <span
        className={classes(
          "mt-0.5 grid size-8 shrink-0 place-items-center rounded-full text-sm",
          isCancelled ? "bg-sunken text-soft" : tone,
        )}
      >
        <Icon name={isCancelled ? "stop" : icon} />
      </span>
      <div className="min-w-0 flex-1 text-sm">
        <Link
          href={path}
          onClick={follow}
          className={classes(
            "break-words after:absolute after:inset-0 focus-visible:outline-none",
            "focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent",
            readAt === null ? "font-semibold" : "font-medium text-soft",
          )}
        >
          {title}
          {readAt === null && <span className="sr-only"> ({words.isUnread})</span>}
        </Link>
        <p className="mt-0.5 break-words text-soft">{text}</p>
        <time dateTime={at} className="text-xs text-faint">
          {formatRelative(at, now, locale)}
        </time>
      </div>
      {readAt === null &&
        (markable ? (
          <IconButton
            icon="check"
            label={words.markReadNamed(title)}
            disabled={read.isPending}
            onClick={() => read.mutate(id)}
            className="relative z-10 shrink-0"
          />
        ) : (
          <span aria-hidden="true" className="mt-2 size-2 shrink-0 rounded-full bg-accent" />
        ))}
    </li>
  );
}
