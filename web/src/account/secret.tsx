import { CopyButton } from "../ui/copy-button.tsx";
import { Field } from "../ui/field.tsx";

/** A value to copy. Focusing it selects all of it. */
export function Secret({ label, value, autoFocus }: { label: string; value: string; autoFocus?: boolean }) {
  return (
    <Field label={label}>
      {(ids) => (
        <span className="flex items-start gap-2">
          <textarea
            {...ids}
            readOnly
            // biome-ignore lint/a11y/noAutofocus: it replaces the form that had the focus.
            autoFocus={autoFocus}
            rows={value.length > 60 ? 3 : 2}
            value={value}
            onFocus={(event) => event.target.select()}
            className="control resize-none font-mono text-[0.8125rem] break-all"
          />
          <CopyButton small value={value} />
        </span>
      )}
    </Field>
  );
}
