import { useQuery } from "@tanstack/react-query";
import { useConsoleText } from "../i18n/console-text.ts";
import { navigate, useSearch } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { Choices } from "../ui/choices.tsx";
import { Select } from "../ui/inputs.tsx";
import { Page } from "../ui/page.tsx";
import { queuesQuery } from "./api.ts";
import { Attention } from "./attention.tsx";
import { Charts } from "./charts.tsx";
import { isRange, type Range, ranges } from "./history.ts";
import { ListState } from "./list-state.tsx";
import { Tiles } from "./tiles.tsx";

/** Overview of the system. Time range and queue are in the URL. */
export function OverviewPage() {
  const words = useConsoleText();
  const text = words.overview;
  const search = useSearch();
  const asked = search.get("range") ?? "";
  const range: Range = isRange(asked) ? asked : "1h";
  const queue = search.get("queue") ?? "";
  const queues = useQuery(queuesQuery);
  const go = (next: { range?: Range; queue?: string }) => {
    const query = new URLSearchParams({ range, ...(queue && { queue }), ...next });
    if (!query.get("queue")) query.delete("queue");
    navigate(`${paths.console()}?${query}`, { replace: true });
  };
  return (
    <Page title={words.sections.overview} intro={text.intro}>
      <ListState query={queues} isEmpty={false} icon="gauge" title={text.noData}>
        <div className="space-y-5">
          <Attention queues={queues.data ?? []} />
          <Tiles queues={queues.data ?? []} />
          <div className="flex flex-wrap items-center justify-between gap-3 pt-2">
            <div className="min-w-0 flex-1 basis-72 sm:max-w-md">
              <Choices<Range>
                label={text.range}
                hideLabel
                choices={ranges.map((value) => ({ value, label: text.ranges[value] }))}
                value={range}
                onChange={(value) => go({ range: value })}
              />
            </div>
            <Select
              aria-label={words.queues.queue}
              value={queue}
              onChange={(event) => go({ queue: event.target.value })}
            >
              <option value="">{text.allQueues}</option>
              {queues.data?.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </div>
          <Charts range={range} queue={queue} />
        </div>
      </ListState>
    </Page>
  );
}
