import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { listPipelines } from "../api/client.ts";
import { jobStates } from "../api/contract.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useText } from "../i18n/locale.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import { type JobSearch, jobSearchPath } from "./job-search.ts";

export function JobSearchForm({ search }: { search: JobSearch }) {
  const words = useConsoleText();
  const text = words.jobs;
  const common = useText();
  const accounts = useMe() !== null;
  const [draft, setDraft] = useState<JobSearch>(search);
  const pipelines = useQuery({
    queryKey: ["pipelines"],
    queryFn: ({ signal }) => listPipelines(signal),
    staleTime: 60_000,
  });
  const set = (change: JobSearch) => setDraft({ ...draft, ...change });
  const go = (next: JobSearch) => navigate(jobSearchPath(trimmed(next)), { replace: true });
  const hasMore = [search.owner, search.code, search.from, search.to].some(Boolean);

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    go(draft);
  }

  return (
    <search>
      <form className="card space-y-3 p-4" onSubmit={onSubmit}>
        <div className="flex flex-wrap gap-2">
          <TextInput
            type="search"
            aria-label={text.search}
            placeholder={text.searchHint}
            autoCapitalize="none"
            spellCheck={false}
            className="w-auto! min-w-0 flex-1 basis-60"
            value={draft.q ?? ""}
            onChange={(event) => set({ q: event.target.value })}
          />
          <Select
            aria-label={text.state}
            value={draft.state ?? ""}
            onChange={(event) => go({ ...draft, state: event.target.value })}
          >
            <option value="">{common.jobs.allStates}</option>
            {jobStates.map((state) => (
              <option key={state} value={state}>
                {common.states[state]}
              </option>
            ))}
          </Select>
          <Select
            aria-label={text.pipeline}
            value={draft.pipeline ?? ""}
            onChange={(event) => go({ ...draft, pipeline: event.target.value })}
          >
            <option value="">{common.jobs.allPipelines}</option>
            {pipelines.data?.map(({ name, title }) => (
              <option key={name} value={name}>
                {pipelineTitle(common, name, title)}
              </option>
            ))}
          </Select>
          <Button look="primary" icon="search" type="submit">
            {text.submit}
          </Button>
        </div>
        <details open={hasMore}>
          <summary className="text-[0.8125rem] font-medium text-soft">{text.more}</summary>
          <div className="mt-3 grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
            {accounts && <Text label={text.owner} value={draft.owner} onChange={(owner) => set({ owner })} />}
            <Text label={text.code} value={draft.code} onChange={(code) => set({ code })} />
            <Time label={text.from} value={draft.from} onChange={(from) => set({ from })} />
            <Time label={text.until} value={draft.to} onChange={(to) => set({ to })} />
          </div>
        </details>
        {Object.keys(search).length > 0 && (
          <Button
            size="small"
            look="quiet"
            onClick={() => navigate(paths.console("jobs"), { replace: true })}
          >
            {words.clear}
          </Button>
        )}
      </form>
    </search>
  );
}

interface PartProps {
  label: string;
  value: string | undefined;
  onChange(value: string): void;
}

function Text({ label, value = "", onChange }: PartProps) {
  return (
    <Field label={label}>
      {(ids) => (
        <TextInput
          {...ids}
          autoCapitalize="none"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** In the user's time zone. The URL contains UTC. */
function Time({ label, value = "", onChange }: PartProps) {
  const at = new Date(value);
  const local = Number.isNaN(at.getTime())
    ? ""
    : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return (
    <Field label={label}>
      {(ids) => (
        <TextInput
          {...ids}
          type="datetime-local"
          value={local}
          onChange={({ target }) => onChange(target.value === "" ? "" : new Date(target.value).toISOString())}
        />
      )}
    </Field>
  );
}

function trimmed(search: JobSearch): JobSearch {
  return Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
}
