import { useId } from "react";

interface Props {
  label: string;
  hint?: string;
  error?: string | null;
  choices: readonly { value: string; label: string }[];
  chosen: readonly string[];
  onChange(chosen: string[]): void;
}

export function CheckList({ label, hint, error, choices, chosen, onChange }: Props) {
  const id = useId();
  return (
    <fieldset aria-describedby={error ? `${id}-error` : undefined} className="min-w-0">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">{label}</legend>
      <div className="grid gap-x-4 rounded-xl border border-line px-3.5 py-1.5 sm:grid-cols-2">
        {choices.map((choice, at) => (
          <label key={choice.value} className="flex min-h-9 items-center gap-2.5 text-sm">
            <input
              type="checkbox"
              aria-invalid={error && at === 0 ? true : undefined}
              className="size-4 shrink-0 accent-(--accent)"
              checked={chosen.includes(choice.value)}
              onChange={({ target }) =>
                onChange(
                  choices
                    .map(({ value }) => value)
                    .filter((value) => (value === choice.value ? target.checked : chosen.includes(value))),
                )
              }
            />
            <span className="min-w-0 break-words">{choice.label}</span>
          </label>
        ))}
      </div>
      {hint && <p className="mt-1.5 text-xs leading-relaxed text-faint">{hint}</p>}
      {error && (
        <p id={`${id}-error`} className="mt-1.5 text-xs font-medium text-bad">
          {error}
        </p>
      )}
    </fieldset>
  );
}
