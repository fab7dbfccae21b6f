import type { Job } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";

/** The job whose step started this one. */
export function Parent({ of: parent }: { of: Job["parent"] }) {
  const text = useText();
  if (!parent) return null;
  return (
    <p className="mt-3 text-sm text-soft">
      {text.job.startedBy(parent.step)}{" "}
      <Link href={paths.job(parent.jobId)} className="font-mono text-xs text-accent underline">
        {parent.jobId}
      </Link>
    </p>
  );
}

/** Jobs started by this job's steps. */
export function Children({ of: children }: { of: Job["children"] }) {
  const text = useText();
  if (children.length === 0) return null;
  return (
    <details className="mt-3 text-sm" open={children.length <= 5}>
      <summary className="text-soft">{text.job.children(children.length)}</summary>
      <ul className="mt-2 max-h-64 space-y-1 overflow-y-auto">
        {children.map(({ jobId, key, pipeline }) => (
          <li key={jobId}>
            <Link href={paths.job(jobId)} className="text-accent underline">
              {pipeline}
            </Link>{" "}
            <span className="text-xs text-faint">{key}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
