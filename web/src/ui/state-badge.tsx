import type { ItemState, JobState } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { classes } from "./classes.ts";

const looks: Record<JobState | ItemState, string> = {
  queued: "bg-sunken text-soft",
  running: "bg-accent-soft text-accent",
  retrying: "bg-warn-soft text-warn",
  succeeded: "bg-good-soft text-good",
  partial: "bg-warn-soft text-warn",
  failed: "bg-bad-soft text-bad",
  cancelled: "bg-sunken text-soft",
  expired: "bg-sunken text-faint",
};

export function StateBadge({ state, label }: { state: JobState | ItemState; label?: string }) {
  const text = useText();
  const live = state === "running" || state === "retrying";
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap",
        looks[state],
      )}
    >
      <span
        aria-hidden="true"
        className={classes(
          "size-1.5 rounded-full bg-current",
          live && "animate-[breathe_1.6s_ease-in-out_infinite]",
        )}
      />
      {label ?? text.states[state]}
    </span>
  );
}
