import { useText } from "../i18n/locale.ts";
import { controlOf, type JsonSchema } from "../json-schema/schema.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import { useFormContext } from "./form-context.ts";
import { useFieldError } from "./use-field-error.ts";
import type { Draft } from "./value.ts";

interface Props {
  label: string;
  hint?: string;
  error: string | null;
  path: string;
  schema: JsonSchema;
  items: JsonSchema;
  draft: Draft;
  onChange(draft: Draft): void;
}

/** A list of texts, numbers or choices. */
export function ListField({ label, hint, error, path, schema, items, draft, onChange }: Props) {
  const text = useText();
  const entries = Array.isArray(draft) ? draft : [];
  const full = schema.maxItems !== undefined && entries.length >= schema.maxItems;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">{label}</legend>
      <ul className="space-y-2">
        {entries.map((entry, index) => (
          <Entry
            // biome-ignore lint/suspicious/noArrayIndexKey: entries are plain values, identified only by position
            key={index}
            index={index}
            path={`${path}.${index}`}
            items={items}
            value={typeof entry === "string" ? entry : ""}
            onChange={(value) => onChange(entries.with(index, value))}
            onRemove={() => onChange(entries.toSpliced(index, 1))}
          />
        ))}
      </ul>
      <Button
        size="small"
        icon="plus"
        disabled={full}
        className={entries.length > 0 ? "mt-2" : ""}
        onClick={() => onChange([...entries, ""])}
      >
        {text.form.addItem}
      </Button>
      {hint && <p className="mt-1.5 text-xs leading-relaxed text-faint">{hint}</p>}
      {error && <p className="mt-1.5 text-xs font-medium text-bad">{error}</p>}
    </fieldset>
  );
}

interface EntryProps {
  index: number;
  path: string;
  items: JsonSchema;
  value: string;
  onChange(value: string): void;
  onRemove(): void;
}

function Entry({ index, path, items, value, onChange, onRemove }: EntryProps) {
  const text = useText();
  const { root } = useFormContext();
  const error = useFieldError(path);
  const control = controlOf(items, root);
  const label = text.form.item(index + 1);
  return (
    <li>
      <div className="flex gap-1">
        {control.kind === "choice" ? (
          <div className="flex-1">
            <Select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
              <option value="">{text.form.notSet}</option>
              {control.values.map((choice) => (
                <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
                  {String(choice)}
                </option>
              ))}
            </Select>
          </div>
        ) : (
          <TextInput
            aria-label={label}
            aria-invalid={error ? true : undefined}
            inputMode={control.kind === "number" ? "decimal" : undefined}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
        <IconButton
          icon="close"
          label={text.form.removeItem(index + 1)}
          onClick={onRemove}
          className="shrink-0"
        />
      </div>
      {error && <p className="mt-1 text-xs font-medium text-bad">{error}</p>}
    </li>
  );
}
