import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { cancelJob, deleteJob } from "../api/client.ts";
import { hasEnded } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import type { JobSelection } from "./use-selection.ts";

/** Actions for the selected jobs. Always takes up space, so that the list does not move. */
export function SelectionBar({ selection }: { selection: JobSelection }) {
  const words = useText().jobs;
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { jobs, isAll } = selection;
  const open = jobs.filter((job) => !hasEnded(job));

  const act = useMutation({
    async mutationFn(kind: "cancel" | "delete") {
      const [affected, call] = kind === "cancel" ? [open, cancelJob] : [jobs, deleteJob];
      const results = await Promise.allSettled(affected.map((job) => call(job.id)));
      return results.filter(({ status }) => status === "rejected").length;
    },
    async onSettled(failed) {
      setAsking(false);
      if (failed === 0) selection.clear();
      await queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });

  return (
    <div className="mb-2 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 px-4 text-sm sm:px-5">
      <label className="flex items-center gap-3 text-soft">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={isAll}
          ref={(box) => {
            if (box) box.indeterminate = jobs.length > 0 && !isAll;
          }}
          onChange={(event) => selection.toggleAll(event.target.checked)}
        />
        {jobs.length > 0 ? words.selected(jobs.length) : words.selectAll}
      </label>
      {jobs.length > 0 && (
        <span className="ml-auto flex gap-2">
          {open.length > 0 && (
            <Button size="small" icon="stop" disabled={act.isPending} onClick={() => act.mutate("cancel")}>
              {words.cancelSelected}
            </Button>
          )}
          <Button size="small" icon="trash" disabled={act.isPending} onClick={() => setAsking(true)}>
            {words.deleteSelected}
          </Button>
        </span>
      )}
      {(act.data ?? 0) > 0 && (
        <p role="alert" className="w-full text-bad">
          {words.someFailed(act.data ?? 0)}
        </p>
      )}
      {asking && (
        <Confirm
          title={words.deleteTitle(jobs.length)}
          message={words.deleteMessage}
          action={words.deleteAction(jobs.length)}
          busy={act.isPending}
          onConfirm={() => act.mutate("delete")}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
