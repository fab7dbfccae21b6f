import { useText } from "../i18n/locale.ts";
import { controlOf, type JsonSchema, variantLabel } from "../json-schema/schema.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/inputs.tsx";
import { useFormContext } from "./form-context.ts";
import { ObjectFields } from "./object-field.tsx";
import { type Draft, initialDraft, isVariant, unwrap } from "./value.ts";

interface Props {
  label: string;
  hint?: string;
  error: string | null;
  required: boolean;
  path: string;
  variants: readonly JsonSchema[];
  draft: Draft;
  onChange(draft: Draft): void;
}

/** A choice between several kinds of values, followed by the fields of the chosen one. */
export function VariantsField({ label, hint, error, required, path, variants, draft, onChange }: Props) {
  const text = useText();
  const { root, SchemaField } = useFormContext();
  const chosen = isVariant(draft) ? draft.$variant : -1;
  const variant = variants[chosen];

  function choose(index: number): void {
    const next = variants[index];
    onChange(next ? { $variant: index, $value: initialDraft(next, root) } : undefined);
  }

  return (
    <fieldset className="min-w-0 rounded-xl border border-line p-4">
      <legend className="sr-only">{label}</legend>
      <Field label={label} hint={hint} error={error} required={required}>
        {(ids) => (
          <Select {...ids} value={chosen} onChange={(event) => choose(Number(event.target.value))}>
            {(!required || chosen < 0) && <option value={-1}>{text.form.notSet}</option>}
            {variants.map((each, index) => (
              <option key={JSON.stringify(each)} value={index}>
                {variantLabel(each, index, (at) => text.form.variant(at + 1))}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {variant && isVariant(draft) && (
        <div className="mt-4 empty:hidden">
          {controlOf(variant, root).kind === "object" ? (
            <ObjectFields
              path={path}
              schema={unwrap(variant, root)}
              draft={draft.$value}
              onChange={(value) => onChange({ ...draft, $value: value })}
            />
          ) : (
            <SchemaField
              name={variantLabel(variant, chosen, String)}
              path={path}
              schema={variant}
              required
              draft={draft.$value}
              onChange={(value) => onChange({ ...draft, $value: value })}
            />
          )}
        </div>
      )}
    </fieldset>
  );
}
