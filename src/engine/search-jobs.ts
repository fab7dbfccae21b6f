import type { JobSearch } from "../domain/job-search.ts";
import type { JobRecord } from "../domain/records.ts";
import type { Store } from "../ports/store/store.ts";

/** Jobs that one call of the store examines. */
const LOOK = 2_000;
/** After this time a search returns what it has found, ms. */
const BUDGET_MS = 200;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

export interface JobPage {
  jobs: JobRecord[];
  /** Where the search continues; `null` if there are no older jobs. */
  next: string | null;
  /** Time ran out before `limit` was reached: more may be found from `next` on. */
  isCut: boolean;
}

/**
 * Searches jobs of one owner or of all, newest first. Makes many small store calls, so that others are served in
 * between. A text that begins with a job's id, as the ids of its tasks and files do, finds that job directly.
 */
export async function searchJobs(
  store: Pick<Store, "findJobs" | "job">,
  search: JobSearch,
  { limit, cursor, budgetMs = BUDGET_MS }: { limit: number; cursor?: string | undefined; budgetMs?: number },
): Promise<JobPage> {
  const named = UUID.exec(search.text?.trim().toLowerCase() ?? "")?.[0];
  if (named !== undefined) {
    const owner = search.owner ?? null;
    const job = cursor === undefined ? await store.job({ owner, id: named }) : null;
    return { jobs: job ? [job] : [], next: null, isCut: false };
  }
  const until = performance.now() + budgetMs;
  const jobs: JobRecord[] = [];
  let next: string | null = cursor ?? null;
  do {
    const query = {
      ...search,
      limit: limit - jobs.length,
      look: LOOK,
      ...(next !== null && { cursor: next }),
    };
    const found = await store.findJobs(query);
    jobs.push(...found.jobs);
    next = found.next;
  } while (next !== null && jobs.length < limit && performance.now() < until);
  return { jobs, next, isCut: next !== null && jobs.length < limit };
}
