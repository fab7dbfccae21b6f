import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useConsoleText } from "../i18n/console-text.ts";
import { navigate, useSearch } from "../router/router.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { deadGroupsQuery } from "./api.ts";
import { DeadFilters } from "./dead-filters.tsx";
import { DeadGroup } from "./dead-group.tsx";
import { DeadLetterList } from "./dead-letter-list.tsx";
import { type DeadFilter, deadFilterOf, deadLettersPath, groupsOf } from "./dead-letters.ts";
import { ListState } from "./list-state.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";

/** Dead letters by error, or of one job or user. The filter is in the URL. */
export function DeadLettersPage() {
  const words = useConsoleText();
  const text = words.dead;
  const filter = deadFilterOf(useSearch());
  const [replaying, setReplaying] = useState<{ filter: DeadFilter; count: number | null } | null>(null);
  const isGrouped = !filter.jobId && !filter.owner;
  const query = useQuery({ ...deadGroupsQuery(filter), enabled: isGrouped });
  const groups = groupsOf(query.data?.items ?? [], filter);
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page
      title={words.sections["dead-letters"]}
      intro={text.intro}
      actions={
        isGrouped &&
        groups.length > 1 && (
          <Button icon="retry" onClick={() => setReplaying({ filter, count: total })}>
            {text.replayAll(total)}
          </Button>
        )
      }
    >
      <div className="space-y-4">
        {(isFiltered || groups.length > 0) && <DeadFilters filter={filter} />}
        {isGrouped ? (
          <ListState
            query={query}
            isEmpty={groups.length === 0}
            icon="check"
            title={isFiltered ? text.noMatch : text.empty}
            hint={
              isFiltered ? (
                <Button className="mt-4" onClick={() => navigate(deadLettersPath(), { replace: true })}>
                  {words.clear}
                </Button>
              ) : (
                text.emptyHint
              )
            }
          >
            <p role="status" className="text-sm text-soft">
              {text.total(total, groups.length)}
            </p>
            <ul aria-label={text.groups} className="space-y-3">
              {groups.map((group) => (
                <DeadGroup
                  key={`${group.queue} ${group.code} ${group.group}`}
                  group={group}
                  open={groups.length === 1}
                  onReplay={(one) => setReplaying({ filter: one, count: group.count })}
                />
              ))}
            </ul>
          </ListState>
        ) : (
          <div className="card overflow-hidden">
            <DeadLetterList filter={filter} onReplay={() => setReplaying({ filter, count: null })} />
          </div>
        )}
      </div>
      {replaying && <ReplayDialog {...replaying} onClose={() => setReplaying(null)} />}
    </Page>
  );
}
