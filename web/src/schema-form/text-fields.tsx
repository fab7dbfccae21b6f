import { useText } from "../i18n/locale.ts";
import type { JsonSchema } from "../json-schema/schema.ts";
import { Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";
import { type ControlProps, typedText } from "./form-context.ts";

/** The controls in which something is typed. */

export function NumberField({
  schema,
  whole,
  draft,
  onChange,
  ...common
}: ControlProps & { whole: boolean }) {
  return (
    <Field {...common}>
      {(ids) => (
        <TextInput
          {...ids}
          inputMode={whole ? "numeric" : "decimal"}
          required={common.required}
          value={typedText(draft)}
          placeholder={rangeOf(schema)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function TextField({ schema, long, draft, onChange, ...common }: ControlProps & { long: boolean }) {
  const { required } = common;
  const { maxLength } = schema;
  const value = typedText(draft);
  return (
    <Field {...common}>
      {(ids) =>
        long ? (
          <textarea
            {...ids}
            {...{ rows: 4, required, value, maxLength }}
            className="control"
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <TextInput
            {...ids}
            {...{ required, value, maxLength }}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Field>
  );
}

/** For what has no control of its own. */
export function JsonField({ draft, onChange, ...common }: ControlProps) {
  const text = useText();
  return (
    <Field {...common} hint={common.hint ?? text.form.jsonHint}>
      {(ids) => (
        <textarea
          {...ids}
          rows={5}
          spellCheck={false}
          value={typedText(draft)}
          className="control font-mono text-xs"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

function rangeOf({ minimum, maximum }: JsonSchema): string | undefined {
  if (minimum === undefined || maximum === undefined) return undefined;
  return Math.max(Math.abs(minimum), Math.abs(maximum)) > 1e9 ? undefined : `${minimum} – ${maximum}`;
}
