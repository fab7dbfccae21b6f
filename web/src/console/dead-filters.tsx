import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useConsoleText } from "../i18n/console-text.ts";
import { navigate } from "../router/router.ts";
import { useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import { queuesQuery } from "./api.ts";
import { type DeadFilter, deadLettersPath } from "./dead-letters.ts";

/** Filters by queue, error and owner. They are in the URL, so that they can be shared. */
export function DeadFilters({ filter }: { filter: DeadFilter }) {
  const words = useConsoleText();
  const text = words.dead;
  const me = useMe();
  const queues = useQuery(queuesQuery).data ?? [];
  const [part, setPart] = useState(filter.text ?? "");
  const change = (next: Partial<DeadFilter>) =>
    navigate(deadLettersPath({ ...filter, ...next }), { replace: true });
  const withDead = queues.filter(({ dead, name }) => dead > 0 || name === filter.queue);

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    change({ text: part.trim() });
  }

  return (
    <form className="flex flex-wrap items-center gap-2" onSubmit={onSubmit}>
      <Select
        aria-label={text.queue}
        value={filter.queue ?? ""}
        onChange={(event) => change({ queue: event.target.value })}
      >
        <option value="">{words.overview.allQueues}</option>
        {withDead.map(({ name, dead }) => (
          <option key={name} value={name}>
            {name} ({words.number(dead)})
          </option>
        ))}
      </Select>
      <TextInput
        type="search"
        aria-label={text.codeOrText}
        placeholder={text.codeOrText}
        autoCapitalize="none"
        spellCheck={false}
        className="w-auto! min-w-0 flex-1 basis-40 sm:max-w-56"
        maxLength={200}
        value={part}
        onChange={(event) => setPart(event.target.value)}
      />
      <Button type="submit" icon="search">
        {words.filter}
      </Button>
      {filter.code && (
        <span className="text-sm text-soft">
          {text.code} <code className="font-mono text-xs">{filter.code}</code>
        </span>
      )}
      {filter.jobId && (
        <span className="text-sm text-soft">
          {text.job} <code className="font-mono text-xs">{filter.jobId}</code>
        </span>
      )}
      {me && filter.owner && <span className="text-sm text-soft">{text.of(filter.owner)}</span>}
      {Object.keys(filter).length > 0 && (
        <Button
          look="quiet"
          onClick={() => {
            setPart("");
            navigate(deadLettersPath(), { replace: true });
          }}
        >
          {words.clear}
        </Button>
      )}
    </form>
  );
}
