import { useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { DueTimes } from "./due-times.tsx";
import type { Preview as Previewed } from "./use-preview.ts";

interface Props {
  preview: Previewed;
  timeZone: string | null;
}

/** Due times of the schedule being edited. */
export function Preview({ preview: { times, problem, isFresh }, timeZone }: Props) {
  const text = useText().schedules;
  return (
    <div
      aria-live="polite"
      data-testid="preview"
      className={classes("min-h-34 rounded-xl bg-sunken p-4 text-sm", !isFresh && "opacity-60")}
    >
      <p className="mb-1 text-soft">{text.next}</p>
      {times.length > 0 ? (
        <DueTimes times={times} timeZone={knownZone(timeZone)} />
      ) : (
        <p className={problem ? "text-bad" : "text-faint"}>{problem?.message ?? text.notYet}</p>
      )}
    </div>
  );
}

/** A time zone that is still incomplete falls back to the user's own. */
function knownZone(timeZone: string | null): string | null {
  try {
    if (timeZone !== null) new Intl.DateTimeFormat("en", { timeZone: timeZone.trim() });
    return timeZone?.trim() ?? null;
  } catch {
    return null;
  }
}
