import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Share } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import type { FileView, Job } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime } from "../format/format.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

const hours = [1, 24, 168, 720];

/** Creates and revokes share links. */
export function ShareDialog({ job, onClose }: { job: Job; onClose(): void }) {
  const words = useAccountText().share;
  const files = filesOf(job);
  const shares = useQuery({
    queryKey: ["shares", job.id],
    queryFn: ({ signal }) => client.shares(job.id, { limit: 100 }, { signal }),
  });
  return (
    <Dialog title={words.title} onClose={onClose}>
      <div className="-mx-1 space-y-5 overflow-y-auto px-1 pb-1">
        <p className="text-soft">{words.intro}</p>
        <ShareForm job={job} files={files} />
        <section className="border-t border-line pt-4">
          <h3 className="mb-2 text-[0.8125rem] font-medium">{words.links}</h3>
          {shares.isPending && <Skeleton rows={1} height="4rem" />}
          {shares.error && !shares.data && (
            <ProblemNotice problem={asProblem(shares.error)} onRetry={() => void shares.refetch()} />
          )}
          {shares.data?.items.length === 0 && <p className="text-sm text-soft">{words.none}</p>}
          <ul className="space-y-4">
            {shares.data?.items.map((share) => (
              <ShareRow key={share.id} jobId={job.id} share={share} files={files} />
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  );
}

function ShareForm({ job, files }: { job: Job; files: readonly FileView[] }) {
  const words = useAccountText().share;
  const queries = useQueryClient();
  const [artifactId, setArtifactId] = useState("");
  const [life, setLife] = useState(24);
  const create = useMutation({
    mutationFn: () => client.share(job.id, { artifactId: artifactId || null, expiresIn: life * 3_600 }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["shares", job.id] });
      announce(words.made);
    },
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!create.isPending) create.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_9rem]">
        <Field label={words.what}>
          {(ids) => (
            <Select {...ids} value={artifactId} onChange={(event) => setArtifactId(event.target.value)}>
              <option value="">{words.archive}</option>
              {files.map((file) => (
                <option key={file.artifactId} value={file.artifactId}>
                  {file.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={words.expires}>
          {(ids) => (
            <Select {...ids} value={life} onChange={(event) => setLife(Number(event.target.value))}>
              {hours.map((count) => (
                <option key={count} value={count}>
                  {words.hours[count]}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      {create.error && <ProblemNotice problem={asProblem(create.error)} />}
      <Button look="primary" icon="link" type="submit" aria-disabled={create.isPending}>
        {words.create}
      </Button>
    </form>
  );
}

interface RowProps {
  jobId: string;
  share: Share;
  files: readonly FileView[];
}

function ShareRow({ jobId, share: { id, url, artifactId, expiresAt }, files }: RowProps) {
  const words = useAccountText().share;
  const locale = useLocale();
  const queries = useQueryClient();
  const file = files.find((one) => one.artifactId === artifactId);
  const what = artifactId === null ? words.archive : (file?.name ?? artifactId);
  const remove = useMutation({
    mutationFn: () => client.unshare(jobId, id),
    onSuccess: () => announce(words.takenBack),
    onSettled: () => queries.invalidateQueries({ queryKey: ["shares", jobId] }),
  });
  return (
    <li>
      <p className="mb-1 flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
        <span className="min-w-0 font-medium break-words">{what}</span>
        <span className="text-xs text-faint">{words.until(formatDateTime(expiresAt, locale))}</span>
      </p>
      <div className="flex items-center gap-1.5">
        <TextInput
          readOnly
          aria-label={words.linkTo(what)}
          value={url}
          onFocus={(event) => event.target.select()}
          className="min-w-0 flex-1 font-mono text-xs"
        />
        <CopyButton small value={url} />
        <Button
          size="small"
          aria-label={words.takeBackNamed(what)}
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
        >
          {words.takeBack}
        </Button>
      </div>
      {remove.error && <ProblemNotice problem={asProblem(remove.error)} />}
    </li>
  );
}

function filesOf(job: Job): FileView[] {
  const all = [
    ...job.items.flatMap((item) => item.outputs),
    ...job.outputs,
    ...(job.resultFile ? [job.resultFile] : []),
  ];
  return [...new Map(all.map((file) => [file.artifactId, file])).values()];
}
