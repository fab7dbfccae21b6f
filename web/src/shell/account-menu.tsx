import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Me } from "../../../src/client/index.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { logOut, useSession } from "../session/session.ts";
import { classes } from "../ui/classes.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import { useDismissal } from "../ui/use-dismissal.ts";
import { cancelUpload } from "../upload/uploading.ts";

/** Menu of the logged-in user. Empty without accounts. */
export function AccountMenu() {
  const session = useSession();
  if (session.phase === "in") return <Menu me={session.me} />;
  return session.phase === "local" ? <Menu me={null} /> : null;
}

const row =
  "flex w-full items-center gap-2.5 rounded-lg px-3 py-2.5 text-left text-sm font-medium hover:bg-sunken";

function Menu({ me }: { me: Me | null }) {
  const text = useText();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const { button, frame } = useDismissal(open, close);
  const leave = useMutation({
    async mutationFn() {
      cancelUpload();
      await logOut();
    },
  });
  const shown = me ? me.name || me.email || "" : "";

  return (
    <div {...frame} className="relative">
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-label={me ? text.nav.accountOf(shown) : text.nav.menu}
        title={me ? shown : text.nav.menu}
        onClick={() => setOpen(!open)}
        className={classes(
          "flex size-9 items-center justify-center rounded-full text-sm font-semibold uppercase transition-colors",
          "bg-accent-soft text-accent hover:bg-accent hover:text-on-accent",
        )}
      >
        {shown ? [...shown][0] : <Icon name="user" />}
      </button>
      {open && (
        <div className="card absolute top-full right-0 z-40 mt-2 w-64 animate-[rise_120ms_ease-out] p-1.5 shadow-2xl">
          {me && (
            <p className="mb-1.5 border-b border-line px-3 pt-1.5 pb-2.5 text-[0.8125rem] break-words text-soft">
              {me.name && <span className="block font-medium text-ink">{me.name}</span>}
              {me.email}
            </p>
          )}
          <ul>
            {me && <Entry to={paths.account} icon="user" name={text.nav.account} onClick={close} />}
            <Entry to={paths.notifications} icon="bell" name={text.nav.notifications} onClick={close} />
            <Entry to={paths.webhooks} icon="webhook" name={text.nav.webhooks} onClick={close} />
            {me?.role === "admin" && (
              <Entry to={paths.users} icon="users" name={text.nav.users} onClick={close} />
            )}
            {me && (
              <li>
                <button
                  type="button"
                  className={row}
                  disabled={leave.isPending}
                  onClick={() => leave.mutate()}
                >
                  <Icon name="leave" className="text-soft" />
                  {text.nav.logOut}
                </button>
              </li>
            )}
          </ul>
          {leave.error && (
            <p role="alert" className="px-3 py-2 text-xs text-bad">
              {text.problems[asProblem(leave.error).code]?.title ?? text.problems.unexpected.title}
            </p>
          )}
        </div>
      )}
    </div>
  );
}

interface EntryProps {
  to: string;
  icon: IconName;
  name: string;
  onClick(): void;
}

function Entry({ to, icon, name, onClick }: EntryProps) {
  return (
    <li>
      <Link href={to} className={row} onClick={onClick}>
        <Icon name={icon} className="text-soft" />
        {name}
      </Link>
    </li>
  );
}
