import { taskId } from "../../domain/ids.ts";
import type { OperationRecord } from "../../domain/operations.ts";
import type { Engine } from "../engine.ts";
import { searchJobs } from "../search-jobs.ts";

/** How long a search for jobs may take before its progress is saved, ms. */
const LOOK_MS = 2_000;

/** A task or job that an operation acts on. */
export interface Match {
  id: string;
  /** Code of a dead letter's error. */
  code: string;
}

/** The next matches, newest first; `next` is where to continue, `null` if nothing is left. */
export async function nextMatches(
  { store }: Pick<Engine, "store">,
  operation: Pick<OperationRecord, "target" | "filter" | "cursor" | "most">,
  limit: number,
): Promise<{ matches: Match[]; next: string | null }> {
  const cursor = operation.cursor ?? undefined;
  if (operation.target === "jobs") {
    const page = await searchJobs(store, operation.filter, { limit, cursor, budgetMs: LOOK_MS });
    return { matches: page.jobs.map(({ id }) => ({ id, code: "" })), next: page.next };
  }
  const places = await store.deadPlaces({ ...operation.filter, limit, cursor });
  const matches = places.map(({ jobId, item, code }) => ({ id: taskId(jobId, item), code }));
  return { matches, next: matches.at(-1)?.id ?? null };
}
