import { jobStates, type Pipeline } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { Select } from "../ui/inputs.tsx";
import type { JobFilter } from "./use-jobs.ts";

interface Props {
  filter: JobFilter;
  pipelines: readonly Pick<Pipeline, "name" | "title">[];
  onChange(change: Partial<JobFilter>): void;
}

export function JobFilters({ filter, pipelines, onChange }: Props) {
  const text = useText();
  return (
    <div className="flex flex-wrap gap-2">
      <Select
        aria-label={text.jobs.state}
        value={filter.state}
        onChange={(event) => onChange({ state: event.target.value })}
      >
        <option value="">{text.jobs.allStates}</option>
        {jobStates.map((state) => (
          <option key={state} value={state}>
            {text.states[state]}
          </option>
        ))}
      </Select>
      <Select
        aria-label={text.jobs.pipeline}
        value={filter.pipeline}
        onChange={(event) => onChange({ pipeline: event.target.value })}
      >
        <option value="">{text.jobs.allPipelines}</option>
        {pipelines.map(({ name, title }) => (
          <option key={name} value={name}>
            {pipelineTitle(text, name, title)}
          </option>
        ))}
      </Select>
    </div>
  );
}
