import type { Job } from "../api/contract.ts";
import { formatDateTime } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Icon } from "../ui/icons.tsx";
import { curlOf } from "./curl.ts";
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
      <p className="pt-2 text-xs text-faint">
        {text.job.id} <code className="font-mono break-all">{job.id}</code>
        {job.state === "expired"
          ? ` · ${text.job.expired}`
          : job.expiresAt && ` · ${text.job.expires(formatDateTime(job.expiresAt, locale))}`}
      </p>
    </section>
  );
}

function Fold({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <details className="card group">
      <summary className="flex list-none items-center justify-between rounded-2xl px-5 py-3.5 text-sm font-medium [&::-webkit-details-marker]:hidden">
        {title}
        <Icon name="chevron" className="text-faint transition-transform group-open:rotate-180" />
      </summary>
      <div className="px-5 pb-5">{children}</div>
    </details>
  );
}
