import { useMutation } from "@tanstack/react-query";
import { type FocusEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Me } from "../../../src/client/index.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { logOut, useMe } from "../session/session.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { cancelUpload } from "../upload/uploading.ts";

/** Who is logged in, and where to go from there. */
export function AccountMenu() {
  const me = useMe();
  return me && <Menu me={me} />;
}

function Menu({ me }: { me: Me }) {
  const text = useText();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    // Not every browser gives a button the focus that is clicked, so that none is lost outside.
    const onPress = ({ target }: PointerEvent) => !frame.current?.contains(target as Node) && setOpen(false);
    document.addEventListener("pointerdown", onPress);
    return () => document.removeEventListener("pointerdown", onPress);
  }, [open]);
  const leave = useMutation({
    async mutationFn() {
      cancelUpload();
      await logOut();
    },
  });
  const shown = me.name || me.email || "";
  const close = () => setOpen(false);
  const row =
    "flex w-full items-center gap-2.5 rounded-lg px-3 py-2.5 text-left text-sm font-medium hover:bg-sunken";

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !open) return;
    close();
    button.current?.focus();
  }

  function onBlur({ currentTarget, relatedTarget }: FocusEvent): void {
    if (relatedTarget && !currentTarget.contains(relatedTarget)) close();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what happens inside bubbles up to here.
    <div ref={frame} className="relative" onKeyDown={onKeyDown} onBlur={onBlur}>
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-label={text.nav.accountOf(shown)}
        title={shown}
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
          <p className="border-b border-line px-3 pt-1.5 pb-2.5 text-[0.8125rem] break-words text-soft">
            {me.name && <span className="block font-medium text-ink">{me.name}</span>}
            {me.email}
          </p>
          <ul className="pt-1.5">
            <li>
              <Link href={paths.account} className={row} onClick={close}>
                <Icon name="user" className="text-soft" />
                {text.nav.account}
              </Link>
            </li>
            {me.role === "admin" && (
              <li>
                <Link href={paths.users} className={row} onClick={close}>
                  <Icon name="users" className="text-soft" />
                  {text.nav.users}
                </Link>
              </li>
            )}
            <li>
              <button type="button" className={row} disabled={leave.isPending} onClick={() => leave.mutate()}>
                <Icon name="leave" className="text-soft" />
                {text.nav.logOut}
              </button>
            </li>
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
