import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { listPipelines } from "../api/client.ts";
import type { Pipeline } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ScheduleFields } from "./schedule-fields.tsx";

/** Creates a schedule for any pipeline that works without files. */
export function ScheduleForm({ onClose }: { onClose(): void }) {
  const text = useText();
  const pipelines = useQuery({ queryKey: ["pipelines"], queryFn: ({ signal }) => listPipelines(signal) });
  const [chosen, setChosen] = useState("");
  if (pipelines.isPending) return <Skeleton rows={1} height="20rem" />;
  if (!pipelines.data) {
    return <ProblemNotice problem={asProblem(pipelines.error)} onRetry={() => void pipelines.refetch()} />;
  }
  const able = pipelines.data.filter(isAble);
  const pipeline = able.find(({ name }) => name === chosen) ?? able[0];
  return (
    <section className="card max-w-3xl space-y-6 p-5 sm:p-7">
      <h2 className="text-lg font-semibold">{text.schedules.add}</h2>
      {pipeline ? (
        <>
          <Field label={text.schedules.fields.pipeline}>
            {(ids) => (
              <Select
                {...ids}
                autoFocus
                value={pipeline.name}
                onChange={(event) => setChosen(event.target.value)}
              >
                {able.map(({ name, title }) => (
                  <option key={name} value={name}>
                    {pipelineTitle(text, name, title)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <ScheduleFields key={pipeline.name} pipeline={pipeline} onClose={onClose} />
        </>
      ) : (
        <p className="text-soft">{text.schedules.noPipelines}</p>
      )}
    </section>
  );
}

/** A schedule cannot provide files. */
function isAble({ accepts }: Pipeline): boolean {
  return accepts.minFiles === 0 || accepts.data !== null;
}
