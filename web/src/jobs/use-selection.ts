import { useCallback, useMemo, useState } from "react";
import type { Job } from "../api/contract.ts";

export type JobSelection = ReturnType<typeof useSelection>;

/** Selected jobs. Jobs that leave the list are deselected. */
export function useSelection(list: readonly Job[]) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const jobs = useMemo(() => list.filter((job) => ids.has(job.id)), [list, ids]);
  const toggle = useCallback((id: string, on: boolean) => {
    setIds((now) => {
      const next = new Set(now);
      if (on) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);
  return {
    jobs,
    isAll: jobs.length > 0 && jobs.length === list.length,
    has: (id: string) => ids.has(id),
    toggle,
    toggleAll: (on: boolean) => setIds(new Set(on ? list.map((job) => job.id) : [])),
    clear: () => setIds(new Set()),
  };
}
