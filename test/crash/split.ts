import type { Faults } from "./check.ts";
import type { JobAnswer } from "./client.ts";
import type { Journal } from "./journal.ts";

/** Jobs whose one item was split, with the number of its parts. */
export type SplitJobs = ReadonlyMap<string, number>;

/** What the join of a splitting job returned. */
export interface JoinedAnswer {
  tokens: [part: number, token: string][];
  failures: number[];
}

/**
 * Counts faults of split items: lost items, parts that the join did not see exactly once, results that no step
 * recorded, and joins that started before a part had ended.
 */
export function splitFaults(
  jobs: SplitJobs,
  results: ReadonlyMap<string, JobAnswer | null>,
  journal: Journal,
): Pick<Faults, "lost" | "fanInStuck" | "unaccounted"> {
  const faults = { lost: 0, fanInStuck: 0, unaccounted: 0 };
  for (const [id, parts] of jobs) {
    const item = results.get(id)?.items[0];
    const joined = item?.result as unknown as JoinedAnswer | null | undefined;
    if (!joined) {
      faults.lost++;
      continue;
    }
    const tokens = new Map(joined.tokens);
    const once = tokens.size === parts && joined.tokens.length === parts && joined.failures.length === 0;
    if (!once || new Set(tokens.values()).size !== parts) faults.fanInStuck++;
    const ends = [...tokens].map(([part, token]) => endOf(journal, `${id} 0/${part}`, token));
    if (ends.some((at) => at === null)) faults.unaccounted++;
    const joins = journal.runs.get(`${id} 0/join`) ?? [];
    const last = Math.max(...ends.map((at) => at ?? 0));
    if (joins.length === 0 || joins.some(({ startedAt }) => startedAt < last)) faults.fanInStuck++;
  }
  return faults;
}

/** When the attempt that wrote this token ended; `null` if there is none. */
function endOf(journal: Journal, key: string, token: string): number | null {
  return journal.runs.get(key)?.find((run) => run.token === token)?.endedAt ?? null;
}
