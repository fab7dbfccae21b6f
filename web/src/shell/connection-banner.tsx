import { useSyncExternalStore } from "react";
import { connection } from "../connection/connection.ts";
import { useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";

/** Floats, so that nothing moves when it appears, and covers neither the navigation nor an upload. */
export function ConnectionBanner() {
  const text = useText();
  const state = useSyncExternalStore(connection.subscribe, connection.state);
  const offline = state === "offline";
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-3 z-40 flex justify-center max-sm:top-3 sm:inset-x-5 sm:bottom-5 sm:justify-start"
    >
      {state !== "online" && (
        <div
          className={classes(
            "pointer-events-auto flex max-w-xl animate-[rise_200ms_ease-out] items-center gap-3 rounded-xl px-4 py-2.5 text-sm font-medium shadow-lg",
            offline ? "bg-ink text-canvas" : "bg-good text-surface",
          )}
        >
          <Icon name={offline ? "offline" : "check"} className="shrink-0" />
          <span>{offline ? text.connection.offline : text.connection.back}</span>
          {offline && (
            <button
              type="button"
              onClick={() => connection.probeNow()}
              className="shrink-0 rounded-lg px-2 py-1 underline underline-offset-2 outline-current hover:no-underline"
            >
              {text.connection.now}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
