import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Operation } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { Choices } from "../ui/choices.tsx";
import { operationQuery } from "./api.ts";
import { DetailList } from "./detail-list.tsx";
import { filterOf, type JobSearch } from "./job-search.ts";

const actions = ["replay", "cancel", "delete"] as const;
type Action = (typeof actions)[number];

/** Acts on all jobs that a search finds. Counts them first, and starts only after the user has seen the count. */
export function ActDialog({ search, onClose }: { search: JobSearch; onClose(): void }) {
  const words = useConsoleText();
  const text = words.operations;
  const [action, setAction] = useState<Action>("replay");
  const count = useMutation({
    mutationFn: (): Promise<Operation> =>
      client.admin.operate({ target: "jobs", filter: filterOf(search), action, dryRun: true }),
  });
  const id = count.data?.id ?? "";
  const counted = useQuery({ ...operationQuery(id), enabled: id !== "" }).data ?? count.data;
  const isCounted = counted?.state === "counted";
  const start = useMutation({
    mutationFn: () => client.admin.startOperation(id),
    onSuccess: () => navigate(paths.console("operations", id)),
  });
  const matched = counted?.matched ?? 0;
  return (
    <ActionDialog
      title={text.actTitle}
      effects={[
        isCounted && (matched === 0 ? text.noneMatch : text.effects[action](matched)),
        Boolean(counted) && !isCounted && words.replay.counting,
      ]}
      action={isCounted ? text.start(text.verbs[action], matched) : text.count}
      danger={isCounted && action !== "replay"}
      busy={count.isPending || start.isPending || (Boolean(counted) && !isCounted)}
      blocked={isCounted && matched === 0}
      error={count.error ?? start.error}
      onConfirm={() => (isCounted ? start.mutate() : count.mutate())}
      onClose={onClose}
    >
      <div>
        <p className="mb-1 text-[0.8125rem] font-medium">{text.actFilter}</p>
        <DetailList value={search} none={text.everything} />
      </div>
      <Choices<Action>
        label={text.action}
        choices={actions.map((value) => ({ value, label: text.verbs[value] }))}
        value={action}
        onChange={(next) => {
          setAction(next);
          count.reset();
        }}
      />
    </ActionDialog>
  );
}
