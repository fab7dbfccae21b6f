import { useEffect, useState } from "react";
import { jobStates, type Pipeline } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { Icon } from "../ui/icons.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import type { JobFilter } from "./use-jobs.ts";

interface Props {
  filter: JobFilter;
  pipelines: readonly Pick<Pipeline, "name" | "title">[];
  onChange(change: Partial<JobFilter>): void;
}

export function JobFilters({ filter, pipelines, onChange }: Props) {
  const text = useText();
  return (
    <search className="grid w-full grid-cols-2 gap-2 sm:grid-cols-[minmax(0,1fr)_11rem_13rem]">
      <SearchField value={filter.q} onChange={(q) => onChange({ q })} />
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
    </search>
  );
}

const pauseMs = 300;

/** Searches when the user pauses typing. */
function SearchField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const text = useText();
  const [typed, setTyped] = useState(value);
  // The URL may change through "Clear filters" or the Back button.
  useEffect(() => setTyped(value), [value]);

  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), pauseMs);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);

  return (
    <span className="relative max-sm:col-span-2">
      <Icon name="search" className="pointer-events-none absolute top-3 left-3 text-faint" />
      <TextInput
        type="search"
        aria-label={text.jobs.search}
        placeholder={text.jobs.searchHint}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={200}
        className="pl-10"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </span>
  );
}
