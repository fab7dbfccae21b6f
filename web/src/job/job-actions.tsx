import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { archiveUrl, cancelJob, deleteJob, retryJob } from "../api/client.ts";
import { hasEnded, type Job } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { announce } from "../ui/announce.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { ConvertAgain } from "./convert-again.tsx";
import { failedParts } from "./pictures.ts";
import { retryMayHelp } from "./retry.ts";

const ShareDialog = lazy(async () => ({ default: (await import("./share-dialog.tsx")).ShareDialog }));

/** Whether earlier steps or parts may have written files. */
function hasStepFiles({ items }: Job): boolean {
  return items.some(
    ({ steps, parts }) => parts.total > 0 || steps.slice(0, -1).some(({ outputs }) => outputs.length > 0),
  );
}

export function JobActions({ job }: { job: Job }) {
  const text = useText();
  const client = useQueryClient();
  const [asking, setAsking] = useState<"cancel" | "delete" | "share" | null>(null);
  const ended = hasEnded(job);
  const gone = job.state === "expired";
  const hasFiles =
    job.outputs.length > 0 || job.items.some((item) => item.outputs.length > 0 || item.resultFile !== null);
  const failed = job.progress.failed;
  const parts = failedParts(job.items);

  const refresh = () => client.invalidateQueries({ queryKey: ["job", job.id] });
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSettled: async () => {
      setAsking(null);
      await refresh();
    },
  });
  const retry = useMutation({ mutationFn: () => retryJob(job.id), onSettled: refresh });
  const remove = useMutation({
    mutationFn: () => deleteJob(job.id),
    onSuccess: () => {
      announce(text.job.deleted);
      navigate(paths.jobs);
      client.removeQueries({ queryKey: ["job", job.id] });
    },
    onSettled: () => setAsking(null),
  });
  const error = cancel.error ?? retry.error ?? remove.error;

  return (
    <>
      <div className="mt-5 flex flex-wrap items-center gap-2">
        {ended && hasFiles && !gone && (
          <LinkButton look="primary" icon="download" href={archiveUrl(job.id)} download>
            {text.job.downloadAll}
          </LinkButton>
        )}
        {ended && hasStepFiles(job) && !gone && (
          <LinkButton icon="download" href={archiveUrl(job.id, { include: "all" })} download>
            {text.job.downloadSteps}
          </LinkButton>
        )}
        {ended && hasFiles && !gone && (
          <Button icon="link" onClick={() => setAsking("share")}>
            {text.job.share}
          </Button>
        )}
        {ended && !gone && <ConvertAgain job={job} />}
        {ended && failed + parts > 0 && !gone && job.state !== "cancelled" && retryMayHelp(job) && (
          <Button icon="retry" disabled={retry.isPending} onClick={() => retry.mutate()}>
            {failed > 0 ? text.job.retry(failed) : text.job.retryParts(parts)}
          </Button>
        )}
        {!ended && (
          <Button icon="stop" onClick={() => setAsking("cancel")}>
            {text.job.cancel}
          </Button>
        )}
        <Button look="quiet" icon="trash" className="ml-auto" onClick={() => setAsking("delete")}>
          {text.job.delete}
        </Button>
      </div>
      {error && (
        <div className="mt-4">
          <ProblemNotice problem={asProblem(error)} />
        </div>
      )}
      {asking === "share" && (
        <Suspense fallback={null}>
          <ShareDialog job={job} onClose={() => setAsking(null)} />
        </Suspense>
      )}
      {asking === "cancel" && (
        <Confirm
          title={text.job.cancelTitle}
          message={text.job.cancelMessage}
          action={text.job.cancelAction}
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate()}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "delete" && (
        <Confirm
          title={text.job.deleteTitle}
          message={text.job.deleteMessage}
          action={text.job.deleteAction}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}
