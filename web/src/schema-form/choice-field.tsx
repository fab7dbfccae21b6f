import type { Json } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/inputs.tsx";
import { type ControlProps, typedText } from "./form-context.ts";
import type { Draft } from "./value.ts";

interface Props extends ControlProps {
  values: unknown[];
  /** The value that the server uses if none is given. */
  fallback: Json | undefined;
}

export function ChoiceField({ schema, values, fallback, draft, onChange, ...common }: Props) {
  const text = useText();
  const { required } = common;
  const value = typedText(draft);
  if (values.length === 1 && required && value === "") onConstant(values[0], onChange);
  if (schema.const !== undefined) return null;
  // "Not set" would mean the default, which is in the list.
  const hasDefault = fallback !== undefined && fallback !== null;
  const isDefault = (choice: unknown) => hasDefault && JSON.stringify(choice) === JSON.stringify(fallback);
  return (
    <Field {...common}>
      {(ids) => (
        <Select {...ids} value={value} onChange={(event) => onChange(event.target.value)}>
          {((!required && !hasDefault) || value === "") && <option value="">{text.form.notSet}</option>}
          {values.map((choice) => (
            <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
              {isDefault(choice) ? text.form.default(String(choice)) : String(choice)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

/** A constant leaves no choice, so it is filled in after this render. */
function onConstant(value: unknown, onChange: (draft: Draft) => void): void {
  queueMicrotask(() => onChange(JSON.stringify(value)));
}
