import { useText } from "../i18n/locale.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/inputs.tsx";
import { type ControlProps, typedText } from "./form-context.ts";
import type { Draft } from "./value.ts";

export function ChoiceField({
  schema,
  values,
  draft,
  onChange,
  ...common
}: ControlProps & { values: unknown[] }) {
  const text = useText();
  const { required } = common;
  const value = typedText(draft);
  if (values.length === 1 && required && value === "") onConstant(values[0], onChange);
  if (schema.const !== undefined) return null;
  return (
    <Field {...common}>
      {(ids) => (
        <Select {...ids} value={value} onChange={(event) => onChange(event.target.value)}>
          {(!required || value === "") && <option value="">{text.form.notSet}</option>}
          {values.map((choice) => (
            <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
              {String(choice)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

/** A constant is no choice: it is filled in, after this rendering. */
function onConstant(value: unknown, onChange: (draft: Draft) => void): void {
  queueMicrotask(() => onChange(JSON.stringify(value)));
}
