import type { Job } from "../api/contract.ts";
import { formatDateTime } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { curlOf } from "../request/curl.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Fold } from "../ui/fold.tsx";
import { Attempts } from "./attempts.tsx";
import { hasTroubles } from "./item-attempts.ts";
import { OptionsList } from "./options-list.tsx";

export function JobDetails({ job }: { job: Job }) {
  const text = useText();
  const locale = useLocale();
  const command = curlOf(job, location.origin, job.progress.total);
  const plain =
    job.options !== null && typeof job.options === "object" && Object.keys(job.options).length > 0;
  return (
    <section className="space-y-3">
      {plain && (
        <Fold title={text.job.options}>
          <OptionsList options={job.options} />
        </Fold>
      )}
      <Fold title={text.job.request}>
        <p className="mb-2.5 text-sm text-soft">{text.job.requestHint}</p>
        <pre className="mb-2.5 max-h-72 overflow-auto rounded-xl bg-sunken p-4 font-mono text-xs leading-relaxed">
          {command}
        </pre>
        <CopyButton value={command} />
      </Fold>
      {/* A single item shows its own attempts. */}
      {!(job.progress.total === 1 && job.items.some(hasTroubles)) && <Attempts jobId={job.id} card />}
      <p className="pt-2 text-xs text-faint">
        {text.job.id} <code className="font-mono break-all">{job.id}</code>
        {job.state === "expired"
          ? ` · ${text.job.expired}`
          : job.expiresAt && ` · ${text.job.expires(formatDateTime(job.expiresAt, locale))}`}
      </p>
    </section>
  );
}
