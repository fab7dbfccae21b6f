import { useId } from "react";
import type { History } from "../../../src/client/index.ts";
import { useConsoleText } from "../i18n/console-text.ts";

/** Number of errors to show. */
const shown = 8;

/** Number of failed attempts by error. */
export function Failures({ codes }: { codes: History["failuresByCode"] }) {
  const words = useConsoleText();
  const id = useId();
  const most = Math.max(1, ...codes.map(({ count }) => count));
  return (
    <section aria-labelledby={id} className="card min-w-0 p-4 sm:p-5">
      <h2 id={id} className="mb-3 text-sm font-semibold">
        {words.overview.charts.failures}
      </h2>
      {codes.length === 0 && (
        <p className="py-16 text-center text-sm text-faint">{words.overview.noFailures}</p>
      )}
      <ul className="space-y-2.5">
        {codes.slice(0, shown).map(({ code, count }) => (
          <li key={code} className="text-sm">
            <p className="flex justify-between gap-3">
              <code className="min-w-0 truncate font-mono text-xs">{code}</code>
              <span className="text-xs text-soft tabular-nums">{words.number(count)}</span>
            </p>
            <div aria-hidden="true" className="mt-1 h-1.5 rounded-full bg-sunken">
              <div className="h-full rounded-full bg-bad" style={{ width: `${(count / most) * 100}%` }} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
