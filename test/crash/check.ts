import { createHash } from "node:crypto";
import type { Account, Heard, JobAnswer } from "./client.ts";
import type { Journal } from "./journal.ts";

/** Counts that must be zero. */
export interface Faults {
  /** Accepted jobs that are missing or have not ended. */
  lost: number;
  /** Jobs and items whose end was reported twice, or that show two different results. */
  committedTwice: number;
  /** Jobs whose items ended, but whose fan-in did not see each of them. */
  fanInStuck: number;
  /** Results that no step recorded. */
  unaccounted: number;
  eventsMissed: number;
  eventsRepeated: number;
  /** Successful fan-ins whose job was not created or did not end. */
  childrenLost: number;
  /** Jobs without a successful fan-in that created them, and duplicates. */
  childrenDuplicated: number;
}

/** Compares what clients were told with each other, and with what the steps recorded. */
export function faultsOf(
  account: Account,
  results: ReadonlyMap<string, JobAnswer | null>,
  heard: Heard,
  journal: Journal,
): Faults {
  const faults: Faults = {
    lost: 0,
    committedTwice: [...heard.endings.values()].filter((times) => times > 1).length,
    fanInStuck: 0,
    unaccounted: 0,
    ...childFaults(results, heard),
    ...gaps(heard.ids),
  };
  for (const [id, items] of account.accepted) {
    const job = results.get(id);
    if (!job || !["succeeded", "partial", "failed"].includes(job.state) || job.progress.total !== items) {
      faults.lost++;
      continue;
    }
    const gathered = new Map(job.result?.tokens);
    const seen = gathered.size + (job.result?.failures.length ?? 0);
    if (seen !== items && job.progress.done > 0) faults.fanInStuck++;
    for (const item of job.items) {
      if (item.state === "failed") continue;
      const token = item.result ?? "";
      const [output, ...more] = item.outputs;
      const same =
        more.length === 0 && output?.sha256 === sha256(token) && gathered.get(item.index) === item.result;
      if (!same) faults.committedTwice++;
      if (!journal.runs.get(`${id} ${item.index}`)?.some((run) => run.token === token)) faults.unaccounted++;
    }
  }
  return faults;
}

function childFaults(
  results: ReadonlyMap<string, JobAnswer | null>,
  heard: Heard,
): Pick<Faults, "childrenLost" | "childrenDuplicated"> {
  const named = [...results.values()].flatMap((job) => (job?.result ? [job.children] : []));
  const known = new Set(named.flatMap((children) => children.map(({ jobId }) => jobId)));
  const isWell = (id: string | undefined) => id !== undefined && heard.children.get(id)?.ended === 1;
  const created = [...heard.children].map(([id, child]) =>
    known.has(id) ? child.created - 1 : child.created,
  );
  return {
    childrenLost: named.filter(([child]) => !isWell(child?.jobId)).length,
    childrenDuplicated:
      created.reduce((sum, more) => sum + Math.max(0, more), 0) +
      named.reduce((sum, children) => sum + Math.max(0, children.length - 1), 0),
  };
}

function gaps(ids: readonly number[]): { eventsMissed: number; eventsRepeated: number } {
  const unique = new Set(ids);
  const last = ids.reduce((highest, id) => Math.max(highest, id), 0);
  return { eventsMissed: last - unique.size, eventsRepeated: ids.length - unique.size };
}

/** Items that failed for a reason other than the step's own. */
export function blamed(results: ReadonlyMap<string, JobAnswer | null>): string[] {
  return [...results.values()].flatMap((job) =>
    (job?.items ?? []).flatMap((item) =>
      item.state === "failed" && !item.error?.message.includes("by chance")
        ? [item.error?.message ?? "no reason"]
        : [],
    ),
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
