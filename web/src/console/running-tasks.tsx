import type { WorkerView } from "../../../src/client/index.ts";
import { formatDuration } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { linkLook } from "../ui/classes.ts";

/** Running tasks of a worker, oldest first. */
export function RunningTasks({ worker: { tasks, running } }: { worker: WorkerView }) {
  const text = useConsoleText().workers;
  const locale = useLocale();
  const now = useNow(1_000, tasks.length > 0);
  if (tasks.length === 0) return null;
  return (
    <details className="mt-3 text-sm">
      <summary className="text-[0.8125rem] font-medium text-soft">
        {text.tasks(Math.max(running, tasks.length))}
      </summary>
      <ul className="mt-2 divide-y divide-line rounded-xl border border-line">
        {tasks.map(({ taskId, jobId, since }) => (
          <li key={taskId} className="flex flex-wrap justify-between gap-x-4 px-3.5 py-2">
            <Link
              href={paths.console("jobs", jobId)}
              className={`${linkLook} min-w-0 font-mono text-xs break-all`}
            >
              {taskId}
            </Link>
            <span className="text-xs text-soft tabular-nums">
              {text.age(formatDuration(Math.max(0, now - Date.parse(since)) / 1_000, locale))}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
