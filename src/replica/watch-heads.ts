import type { ReplicaRecords } from "../database/replica.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Entries } from "./entries.ts";
import type { Follower } from "./follower.ts";

const POLL_MS = 500;
/** After this time the next query no longer waits for this one. */
const ANSWER_MS = 2_000;
/** Most queries in flight. */
const MOST_OPEN = 3;

/** Polls the heads of all maps in one query, which proves that nothing newer is missing. Returns a stop function. */
export function watchHeads(
  followers: ReadonlyMap<string, Follower<Entries>>,
  records: Pick<ReplicaRecords, "heads">,
  log?: Pick<StepLog, "warn">,
): () => void {
  let open = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  let hasFailed = false;

  async function ask(): Promise<void> {
    const at = performance.now();
    const asked = [...followers].map(([name, follower]) => ({ name, follower, version: follower.version() }));
    askedAt = at;
    open++;
    try {
      const heads = await records.heads(asked.map(({ name }) => name));
      hasFailed = false;
      for (const { name, follower, version } of asked)
        follower.sawHead(heads.find((head) => head.map === name) ?? null, { at, version });
    } catch (error) {
      if (!hasFailed) log?.warn("the versions of the maps could not be read", { error: String(error) });
      hasFailed = true;
    } finally {
      open--;
    }
  }

  const timer = setInterval(() => {
    if (open === 0 || (open < MOST_OPEN && performance.now() - askedAt > ANSWER_MS)) void ask();
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
