import { type ReactNode, useId } from "react";
import { classes } from "./classes.ts";

export interface Choice<T extends string> {
  value: T;
  label: ReactNode;
  /** Accessible name of a choice whose label is an image. */
  name?: string;
}

interface Props<T extends string> {
  label: string;
  hideLabel?: boolean;
  hint?: string;
  choices: readonly Choice<T>[];
  value: T;
  onChange(value: T): void;
  /** Called for clicks and taps, but not for arrow keys. */
  onPick?(value: T): void;
  columns?: string;
}

const usualColumns = "grid-flow-col auto-cols-fr";

/** Radio buttons that look like a segmented control. Arrow keys work as in any radio group. */
export function Choices<T extends string>(props: Props<T>) {
  const { label, hideLabel, hint, choices, value, onChange, onPick, columns = usualColumns } = props;
  const name = useId();
  return (
    <fieldset className="min-w-0">
      <legend className={hideLabel ? "sr-only" : "mb-1.5 text-[0.8125rem] font-medium"}>{label}</legend>
      <div className={classes("grid gap-1 rounded-xl bg-sunken p-1", columns)}>
        {choices.map((choice) => (
          <label
            key={choice.value}
            // Positioned, so that the hidden input scrolls with its label, and focusing it shows the label.
            className={classes(
              "relative flex min-h-8 items-center justify-center rounded-lg px-2 py-1 text-center text-[0.8125rem] transition-colors",
              "has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-accent",
              choice.value === value
                ? "bg-surface font-semibold text-ink shadow-sm ring-1 ring-line"
                : "text-soft hover:text-ink",
            )}
          >
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
              // Arrow keys also fire click events, but at position (0, 0).
              onClick={({ clientX, clientY }) => (clientX !== 0 || clientY !== 0) && onPick?.(choice.value)}
              aria-label={choice.name}
              className="sr-only"
            />
            {choice.label}
          </label>
        ))}
      </div>
      {hint && <p className="mt-1.5 text-xs leading-relaxed text-faint">{hint}</p>}
    </fieldset>
  );
}
