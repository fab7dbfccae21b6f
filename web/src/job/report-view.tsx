import { useText } from "../i18n/locale.ts";
import type { LabelReport } from "./report.ts";

/** Outcome of labeling for each document, and what needs a review. */
export function ReportView({ report: { files } }: { report: LabelReport }) {
  const words = useText().job.report;
  return (
    <ul className="divide-y divide-line rounded-xl border border-line text-sm">
      {files.map((file) => (
        <li key={file.index} className="px-4 py-3">
          <p className="flex flex-wrap items-baseline justify-between gap-x-4">
            <span className="min-w-0 font-medium break-words">{file.name}</span>
            {file.error === null && (
              <span className="text-soft tabular-nums">
                {[
                  words.questions(file.questions),
                  words.pages(file.pages),
                  file.answered > 0 && words.answered(file.answered),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            )}
          </p>
          {file.error && (
            <p lang="en" className="mt-1 break-words text-bad">
              {file.error.message}
            </p>
          )}
          <Attention label={words.doubtful} numbers={file.doubtful} />
          <Attention label={words.missing} numbers={file.missing} />
          <Attention label={words.unread} numbers={file.unread} />
        </li>
      ))}
    </ul>
  );
}

function Attention({ label, numbers }: { label: string; numbers: readonly number[] }) {
  if (numbers.length === 0) return null;
  return (
    <p className="mt-1 break-words text-warn tabular-nums">
      {label}: {numbers.join(", ")}
    </p>
  );
}
