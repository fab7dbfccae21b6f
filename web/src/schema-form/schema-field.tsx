import { useText } from "../i18n/locale.ts";
import { controlOf, humanise, type JsonSchema } from "../json-schema/schema.ts";
import { Field } from "../ui/field.tsx";
import { Select, Switch, TextInput } from "../ui/inputs.tsx";
import { FileField } from "./file-field.tsx";
import { type SchemaFieldProps, useFormContext } from "./form-context.ts";
import { ListField } from "./list-field.tsx";
import { ObjectField } from "./object-field.tsx";
import { useFieldError } from "./use-field-error.ts";
import { type Draft, unwrap } from "./value.ts";
import { VariantsField } from "./variants-field.tsx";

/** The control for one option, whatever its kind. */
export function SchemaField(props: SchemaFieldProps) {
  const { name, path, required, draft, onChange } = props;
  const text = useText();
  const { root } = useFormContext();
  const error = useFieldError(path);
  const schema = unwrap(props.schema, root);
  const control = controlOf(props.schema, root);
  const label = schema.title ?? humanise(name);
  const common = { label, hint: schema.description, error, required };
  const value = typeof draft === "string" ? draft : "";

  switch (control.kind) {
    case "boolean":
      return <Switch label={label} hint={schema.description} checked={draft === true} onChange={onChange} />;
    case "choice": {
      if (control.values.length === 1 && required && value === "") onConstant(control.values[0], onChange);
      if (schema.const !== undefined) return null;
      return (
        <Field {...common}>
          {(ids) => (
            <Select {...ids} value={value} onChange={(event) => onChange(event.target.value)}>
              {(!required || value === "") && <option value="">{text.form.notSet}</option>}
              {control.values.map((choice) => (
                <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
                  {String(choice)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      );
    }
    case "number":
      return (
        <Field {...common}>
          {(ids) => (
            <TextInput
              {...ids}
              inputMode={control.whole ? "numeric" : "decimal"}
              required={required}
              value={value}
              placeholder={rangeOf(schema)}
              onChange={(event) => onChange(event.target.value)}
            />
          )}
        </Field>
      );
    case "text":
      return (
        <Field {...common}>
          {(ids) =>
            control.long ? (
              <textarea
                {...ids}
                rows={4}
                required={required}
                value={value}
                maxLength={schema.maxLength}
                className="control"
                onChange={(event) => onChange(event.target.value)}
              />
            ) : (
              <TextInput
                {...ids}
                required={required}
                value={value}
                maxLength={schema.maxLength}
                onChange={(event) => onChange(event.target.value)}
              />
            )
          }
        </Field>
      );
    case "json":
      return (
        <Field {...common} hint={schema.description ?? text.form.jsonHint}>
          {(ids) => (
            <textarea
              {...ids}
              rows={5}
              spellCheck={false}
              value={value}
              className="control font-mono text-xs"
              onChange={(event) => onChange(event.target.value)}
            />
          )}
        </Field>
      );
    case "file":
      return <FileField {...common} file={draft instanceof File ? draft : null} onChange={onChange} />;
    case "list":
      return <ListField {...props} {...common} items={control.items} />;
    case "object":
      return <ObjectField {...props} schema={schema} {...common} />;
    case "variants":
      return <VariantsField {...props} {...common} variants={control.variants} />;
  }
}

/** A constant is no choice: it is filled in, after this rendering. */
function onConstant(value: unknown, onChange: (draft: Draft) => void): void {
  queueMicrotask(() => onChange(JSON.stringify(value)));
}

function rangeOf({ minimum, maximum }: JsonSchema): string | undefined {
  if (minimum === undefined || maximum === undefined) return undefined;
  return Math.abs(maximum) > 1e9 ? undefined : `${minimum} – ${maximum}`;
}
