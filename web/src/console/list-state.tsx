import type { ReactNode } from "react";
import { asProblem } from "../api/problem.ts";
import { Empty } from "../ui/empty.tsx";
import type { IconName } from "../ui/icons.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

interface Props {
  query: { data?: unknown; error: unknown; isPending: boolean; refetch(): unknown };
  isEmpty: boolean;
  icon: IconName;
  title: string;
  hint?: ReactNode;
  /** Rows of the skeleton. @default 3 */
  rows?: number;
  children: ReactNode;
}

/** Shows a list, or in its place that it is loading, failed or empty. */
export function ListState({ query, isEmpty, icon, title, hint, rows = 3, children }: Props) {
  if (query.data === undefined && query.error) {
    return <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />;
  }
  if (query.isPending) return <Skeleton rows={rows} height="4.5rem" />;
  if (!isEmpty) return children;
  return (
    <Empty icon={icon} title={title}>
      {hint && <div className="mt-1 max-w-md text-soft">{hint}</div>}
    </Empty>
  );
}
