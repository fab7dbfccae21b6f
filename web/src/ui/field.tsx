import { type ReactNode, useId } from "react";
import { classes } from "./classes.ts";

export interface ControlIds {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface Props {
  label: string;
  hint?: string;
  error?: string | null;
  required?: boolean;
  /** Content at the end of the label's line, such as a slider's value. */
  aside?: ReactNode;
  className?: string;
  children(ids: ControlIds): ReactNode;
}

/** A labeled control with hint and error, linked for screen readers. */
export function Field({ label, hint, error, required, aside, className, children }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return (
    <div className={classes("min-w-0", className)}>
      <div className="mb-1.5 flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="text-[0.8125rem] font-medium">
          {label}
          {required && (
            <span aria-hidden="true" className="text-bad">
              {" *"}
            </span>
          )}
        </label>
        {aside}
      </div>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {hint && (
        <p id={`${id}-hint`} className="mt-1.5 text-xs leading-relaxed text-faint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="mt-1.5 text-xs font-medium text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
