import { useText } from "../i18n/locale.ts";
import type { JsonSchema, TextInputType } from "../json-schema/schema.ts";
import { type ControlIds, Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";
import { type ControlProps, typedText } from "./form-context.ts";

/** Controls with text input. */

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
          type="number"
          inputMode={whole ? "numeric" : "decimal"}
          min={schema.minimum}
          max={schema.maximum}
          step={whole ? 1 : "any"}
          required={common.required}
          value={typedText(draft)}
          placeholder={rangeOf(schema)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

interface TextProps extends ControlProps {
  long: boolean;
  input: TextInputType;
}

export function TextField({ schema, long, input, draft, onChange, ...common }: TextProps) {
  const { required } = common;
  const { maxLength } = schema;
  const value = typedText(draft);
  return (
    <Field {...common}>
      {(ids) => {
        if (long) {
          return (
            <textarea
              {...ids}
              {...{ rows: 4, required, value, maxLength }}
              className="control"
              onChange={(event) => onChange(event.target.value)}
            />
          );
        }
        if (input === "datetime-local") return <MomentInput {...{ ids, required, value, onChange }} />;
        return (
          <TextInput
            {...ids}
            {...{ type: input, required, value, maxLength }}
            autoCapitalize={input === "text" ? undefined : "none"}
            onChange={(event) => onChange(event.target.value)}
          />
        );
      }}
    </Field>
  );
}

interface MomentProps {
  ids: ControlIds;
  required: boolean;
  /** ISO 8601 in UTC, as it is sent. */
  value: string;
  onChange(value: string): void;
}

/** A time, entered in the user's time zone. */
function MomentInput({ ids, required, value, onChange }: MomentProps) {
  return (
    <TextInput
      {...ids}
      type="datetime-local"
      required={required}
      value={localTime(value)}
      onChange={({ target }) => onChange(target.value && new Date(target.value).toISOString())}
    />
  );
}

/** Value for the input: without a zone, to the minute. */
function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** For values without a specific control. */
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
