import type { ReactNode } from "react";
import type { Problem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import type { Words } from "../i18n/words.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icons.tsx";
import { useCountdown } from "./use-countdown.ts";

interface Props {
  problem: Problem;
  /** Texts for specific codes, which override the general texts and the server's. */
  words?: Partial<Words>;
  onRetry?(): void;
  children?: ReactNode;
}

/** An error with advice. For a full queue, counts down to the next attempt. */
export function ProblemNotice({ problem, words: own, onRetry, children }: Props) {
  const text = useText();
  const left = useCountdown(problem);
  const words = own?.[problem.code] ?? text.problems[problem.code];
  const title = words?.title ?? (problem.title || text.problems.unexpected.title);
  const shownDetail =
    problem.message !== problem.code && problem.message !== problem.title ? problem.message : "";
  const detail = problem.code === "network" || own?.[problem.code] ? "" : shownDetail;
  return (
    <div role="alert" className="flex gap-3 rounded-xl bg-bad-soft p-4 text-sm">
      <Icon name="alert" className="mt-0.5 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold text-ink">{title}</p>
        {detail && <p className="mt-0.5 break-words text-soft">{detail}</p>}
        {words?.advice && <p className="mt-0.5 text-soft">{words.advice}</p>}
        {!own?.[problem.code] && problem.issues.length > 0 && (
          <ul className="mt-2 list-disc space-y-0.5 pl-4 text-soft">
            {problem.issues.map((issue) => (
              <li key={`${issue.path} ${issue.message}`}>
                {issue.path && <code className="font-mono text-xs">{issue.path}</code>} {issue.message}
              </li>
            ))}
          </ul>
        )}
        {(onRetry || children) && (
          <div className="mt-3 flex flex-wrap gap-2">
            {onRetry && (
              <Button
                size="small"
                icon="retry"
                onClick={onRetry}
                disabled={left > 0}
                className="tabular-nums"
              >
                {left > 0 ? text.common.tryAgainIn(left) : text.common.tryAgain}
              </Button>
            )}
            {children}
          </div>
        )}
      </div>
    </div>
  );
}
