import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { createSchedule } from "../api/client.ts";
import type { NewSchedule, Pipeline } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { resolveSchema } from "../json-schema/schema.ts";
import { DataField } from "../pipelines/data-field.tsx";
import { useItems } from "../pipelines/use-items.ts";
import { SchemaFormContext } from "../schema-form/form-context.ts";
import { ObjectFields } from "../schema-form/object-field.tsx";
import { SchemaField } from "../schema-form/schema-field.tsx";
import { buildValue, type Draft, type FieldError, initialDraft } from "../schema-form/value.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Preview } from "./preview.tsx";
import { type Rules, RulesField } from "./rules-field.tsx";
import { initialTiming, timingOf } from "./timing.ts";
import { TimingField } from "./timing-field.tsx";
import { usePreview } from "./use-preview.ts";

interface Props {
  pipeline: Pipeline;
  onClose(): void;
}

/** Timing, options, data and rules of a schedule. */
export function ScheduleFields({ pipeline, onClose }: Props) {
  const text = useText();
  const client = useQueryClient();
  const { accepts, options: root } = pipeline;
  const schema = resolveSchema(root, root);
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState("");
  const [timing, setTiming] = useState(initialTiming);
  const [rules, setRules] = useState<Rules>({ missed: "once", overlap: "skip" });
  const [draft, setDraft] = useState<Draft>(() => initialDraft(root, root) ?? {});
  const [errors, setErrors] = useState<Record<string, FieldError>>({});
  const [hasFiles, setHasFiles] = useState(false);
  const items = useItems(accepts, false);
  const preview = usePreview(timingOf(timing));
  const create = useMutation({
    mutationFn: (schedule: NewSchedule) => createSchedule(pipeline.name, schedule),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ["schedules"] });
      announce(text.schedules.created);
      onClose();
    },
  });
  const problem = create.error && asProblem(create.error);
  const refusals = useMemo(
    () =>
      new Map(
        [...(preview.problem?.issues ?? []), ...(problem?.issues ?? [])].map(({ path, message }) => [
          path,
          message,
        ]),
      ),
    [preview.problem, problem],
  );
  const issues = useMemo(
    () =>
      new Map(
        [...refusals].map(([path, message]) => [path.replace(/^(options|items\.0\.data)\./, ""), message]),
      ),
    [refusals],
  );

  async function send(): Promise<void> {
    const built = buildValue(draft, root, root);
    const data = await items.read(text);
    const due = timingOf(timing);
    setErrors(built.errors);
    setHasFiles(built.files.size > 0);
    if (Object.keys(built.errors).length > 0 || built.files.size > 0 || data === null || due === null) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      return;
    }
    create.mutate({ ...due, ...rules, name: name.trim(), options: built.value ?? {}, items: data });
  }

  return (
    <form
      ref={form}
      noValidate
      className="space-y-6"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset disabled={create.isPending} className="min-w-0 space-y-6">
        <Field label={text.schedules.fields.name} hint={text.schedules.nameHint}>
          {(ids) => (
            <TextInput
              {...ids}
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <TimingField draft={timing} errors={refusals} onChange={setTiming} />
        <Preview preview={preview} timeZone={timing.kind === "cron" ? timing.timeZone : null} />
        {accepts.data && (
          <DataField
            schema={accepts.data}
            withFiles={false}
            input={items.input}
            errors={items.errors}
            issues={issues}
            onChange={items.setInput}
          />
        )}
        <SchemaFormContext value={{ root, errors, issues, SchemaField }}>
          <ObjectFields path="" schema={schema} draft={draft} onChange={setDraft} />
        </SchemaFormContext>
        <RulesField rules={rules} onChange={setRules} />
      </fieldset>
      {hasFiles && (
        <p role="alert" className="text-sm text-bad">
          {text.schedules.noFiles}
        </p>
      )}
      {problem && <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={create.isPending}>
          {text.schedules.create}
        </Button>
        <Button onClick={onClose}>{text.common.close}</Button>
      </div>
    </form>
  );
}
