import { isRequired, type JsonSchema } from "../json-schema/schema.ts";
import { Switch } from "../ui/inputs.tsx";
import { useFormContext } from "./form-context.ts";
import { type Draft, type DraftObject, initialDraft } from "./value.ts";

interface Props {
  label: string;
  hint?: string;
  path: string;
  schema: JsonSchema;
  required: boolean;
  draft: Draft;
  onChange(draft: Draft): void;
}

/** A group of options. An optional one has a switch. */
export function ObjectField({ label, hint, path, schema, required, draft, onChange }: Props) {
  const { root } = useFormContext();
  const optional = !required && schema.default === undefined;
  return (
    <fieldset className="min-w-0 rounded-xl border border-line p-4">
      <legend className="sr-only">{label}</legend>
      {optional ? (
        <Switch
          label={label}
          hint={hint}
          checked={draft !== undefined}
          onChange={(on) => onChange(on ? initialDraft({ ...schema, default: {} }, root) : undefined)}
        />
      ) : (
        <div>
          <p className="text-[0.8125rem] font-medium">{label}</p>
          {hint && <p className="text-xs leading-relaxed text-faint">{hint}</p>}
        </div>
      )}
      {(!optional || draft !== undefined) && (
        <div className="mt-4">
          <ObjectFields path={path} schema={schema} draft={draft} onChange={onChange} />
        </div>
      )}
    </fieldset>
  );
}

interface FieldsProps {
  path: string;
  schema: JsonSchema;
  draft: Draft;
  onChange(draft: Draft): void;
}

export function ObjectFields({ path, schema, draft, onChange }: FieldsProps) {
  const { SchemaField } = useFormContext();
  const fields = (draft ?? {}) as DraftObject;
  return (
    <div className="space-y-5">
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <SchemaField
          key={name}
          name={name}
          path={path === "" ? name : `${path}.${name}`}
          schema={property}
          required={isRequired(schema, name)}
          draft={fields[name]}
          onChange={(value) => onChange({ ...fields, [name]: value })}
        />
      ))}
    </div>
  );
}
