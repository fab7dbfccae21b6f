import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createSchedule, listPipelines } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";

/** A schedule of a pipeline that needs neither files nor data; others are made with the API or the command. */
export function ScheduleForm() {
  const text = useText();
  const client = useQueryClient();
  const pipelines = useQuery({ queryKey: ["pipelines"], queryFn: ({ signal }) => listPipelines(signal) });
  const able = pipelines.data?.filter(({ accepts }) => accepts.minFiles === 0 && accepts.data === null) ?? [];
  const [draft, setDraft] = useState({
    pipeline: "",
    name: "",
    cron: "0 2 * * *",
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const create = useMutation({
    mutationFn: () => createSchedule({ ...draft, pipeline: draft.pipeline || able[0]!.name, options: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  const field = (name: "name" | "cron" | "timeZone") => (
    <Field label={text.schedules.fields[name]}>
      {(ids) => (
        <TextInput
          {...ids}
          value={draft[name]}
          onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
        />
      )}
    </Field>
  );
  if (able.length === 0) return <p className="text-sm text-soft">{text.schedules.byCommand}</p>;
  return (
    <form
      className="card max-w-2xl space-y-4 p-5"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <h2 className="font-semibold">{text.schedules.add}</h2>
      <Field label={text.schedules.fields.pipeline}>
        {(ids) => (
          <Select
            {...ids}
            value={draft.pipeline || able[0]!.name}
            onChange={(event) => setDraft({ ...draft, pipeline: event.target.value })}
          >
            {able.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {field("name")}
      {field("cron")}
      {field("timeZone")}
      {create.error && <ProblemNotice problem={asProblem(create.error)} />}
      <Button look="primary" type="submit">
        {text.schedules.create}
      </Button>
      <p className="text-xs text-faint">{text.schedules.byCommand}</p>
    </form>
  );
}
