import type { FileView, JobStep, Json } from "../api/contract.ts";
import { formatMs } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { OutputList } from "../outputs/output-list.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { ItemError } from "./item-error.tsx";
import { ResultView } from "./result-view.tsx";
import { Warnings } from "./warnings.tsx";

interface Props {
  steps: readonly JobStep[];
  /** Files already shown above, like the last step's result. */
  shown: readonly FileView[];
  /** The files have expired. */
  expired: boolean;
}

/** Steps of an item, a part or a job, with their files. Hidden for a single step, which shows nothing new. */
export function StepList({ steps, shown, expired }: Props) {
  const text = useText();
  if (steps.length < 2) return null;
  const above = new Set(shown.map((file) => file.artifactId));
  return (
    <details className="mt-3 text-sm">
      <summary className="text-soft">{text.job.steps(steps.length)}</summary>
      <ol className="mt-2 space-y-3 border-l-2 border-line pl-4">
        {steps.map((step, n) => (
          <li key={step.name}>
            <Step
              step={step}
              files={expired ? [] : filesOf(step).filter((file) => !above.has(file.artifactId))}
              result={n === steps.length - 1 ? null : step.result}
            />
          </li>
        ))}
      </ol>
    </details>
  );
}

function filesOf({ outputs, resultFile }: JobStep): readonly FileView[] {
  return resultFile ? [...outputs, resultFile] : outputs;
}

function Step({ step, files, result }: { step: JobStep; files: readonly FileView[]; result: Json }) {
  const text = useText();
  const locale = useLocale();
  const facts = [
    step.cached && text.job.cached,
    !step.cached && step.ms !== null && formatMs(step.ms, locale),
    step.attempt > 1 && text.job.attempt(step.attempt),
  ].filter(Boolean);
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium break-all">{step.name}</span>
        {step.state !== "succeeded" && <StateBadge state={step.state} />}
        <span className="text-xs text-faint tabular-nums">{facts.join(" · ")}</span>
      </div>
      {step.error && <ItemError error={step.error} />}
      <Warnings warnings={step.warnings} />
      <OutputList files={files} />
      {result !== null && (
        <div className="mt-2">
          <ResultView value={result} />
        </div>
      )}
    </>
  );
}
