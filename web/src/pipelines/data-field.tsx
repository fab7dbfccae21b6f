import { useRef } from "react";
import { useText } from "../i18n/locale.ts";
import { type JsonSchema, resolveSchema } from "../json-schema/schema.ts";
import { SchemaFormContext } from "../schema-form/form-context.ts";
import { ObjectFields } from "../schema-form/object-field.tsx";
import { SchemaField } from "../schema-form/schema-field.tsx";
import { Button } from "../ui/button.tsx";
import { Choices } from "../ui/choices.tsx";
import type { FieldErrors, ItemsInput } from "./use-items.ts";

interface Props {
  schema: JsonSchema;
  /** Whether files are accepted, too. */
  withFiles: boolean;
  input: ItemsInput;
  errors: FieldErrors;
  issues: ReadonlyMap<string, string>;
  onChange(input: ItemsInput): void;
}

/** A single item through a form, or many from a file. */
export function DataField({ schema: root, withFiles, input, errors, issues, onChange }: Props) {
  const text = useText();
  const schema = resolveSchema(root, root);
  const modes = [...(withFiles ? (["files"] as const) : []), "one", "many"] as const;
  return (
    <fieldset className="min-w-0 space-y-4">
      <Choices
        label={text.pipelines.data}
        choices={modes.map((mode) => ({ value: mode, label: text.pipelines.dataModes[mode] }))}
        value={input.mode}
        onChange={(mode) => onChange({ ...input, mode })}
      />
      {input.mode === "one" && (
        <SchemaFormContext value={{ root, errors: errors.fields, issues, SchemaField }}>
          {schema.properties ? (
            <ObjectFields
              path=""
              schema={schema}
              draft={input.draft}
              onChange={(draft) => onChange({ ...input, draft })}
            />
          ) : (
            <SchemaField
              name={text.pipelines.data}
              path=""
              schema={root}
              required
              draft={input.draft}
              onChange={(draft) => onChange({ ...input, draft })}
            />
          )}
        </SchemaFormContext>
      )}
      {input.mode === "many" && <ManyItems input={input} error={errors.file} onChange={onChange} />}
    </fieldset>
  );
}

function ManyItems({ input, error, onChange }: Pick<Props, "input" | "onChange"> & { error: string | null }) {
  const text = useText();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div>
      <input
        ref={picker}
        type="file"
        hidden
        data-testid="items"
        accept=".csv,.ndjson,.jsonl,text/csv,application/x-ndjson"
        onChange={(event) => {
          const file = event.target.files?.[0] ?? null;
          event.target.value = "";
          if (file) onChange({ ...input, file });
        }}
      />
      <div className="flex flex-wrap items-center gap-3">
        <Button icon="file" onClick={() => picker.current?.click()}>
          {text.pipelines.chooseItems}
        </Button>
        <span className="text-sm text-soft">{input.file?.name ?? text.pipelines.itemsHint}</span>
      </div>
      {error && (
        <p role="alert" className="mt-1.5 text-xs font-medium text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
