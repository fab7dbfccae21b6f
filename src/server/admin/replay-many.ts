import { setTimeout as sleep } from "node:timers/promises";
import { taskId } from "../../domain/ids.ts";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";
import type { DeadLetterQuery } from "../../ports/store/operations.ts";

export interface ReplayResult {
  matched: number;
  replayed: number;
  skipped: number;
  stoppedBy: string | null;
}

type Filter = Omit<DeadLetterQuery, "limit" | "cursor">;

interface Replayed {
  jobId: string;
  id: string;
  code: string;
  generation: number;
}

/** This many repeated failures with the same error mean that the cause persists. */
const SAME_ERRORS = 3;
/** Replays between two checks of their outcome. */
const ROUND = 10;
/** Number of recent replays that a check covers. */
const WATCHED = 100;

/**
 * Replays matching dead letters at a steady rate. Stops when several fail again with the same error, so that a
 * persistent fault does not consume a thousand tasks.
 */
export async function replayMany(
  engine: Pick<Engine, "store" | "replay">,
  filter: Filter,
  pace: { limit: number; perSecond: number; signal: AbortSignal },
): Promise<ReplayResult> {
  const dead = await deadLetters(engine, filter, pace.limit);
  const result: ReplayResult = { matched: dead.length, replayed: 0, skipped: 0, stoppedBy: null };
  const watched: Replayed[] = [];
  const start = performance.now();

  for (const [index, task] of dead.entries()) {
    if (pace.signal.aborted) break;
    const id = taskId(task.jobId, task.item);
    try {
      await engine.replay(id);
      result.replayed++;
      watched.push({ jobId: task.jobId, id, code: task.error?.code ?? "", generation: task.generation });
    } catch (error) {
      if (!(error instanceof MillraceError) || error.status >= 500) throw error;
      result.skipped++;
    }
    const due = start + ((index + 1) * 1_000) / pace.perSecond - performance.now();
    if (due > 0 && index < dead.length - 1) {
      await sleep(due, undefined, { signal: pace.signal }).catch(() => undefined);
    }
    if ((index + 1) % ROUND === 0 || index === dead.length - 1) {
      result.stoppedBy = await sameAgain(engine, watched.slice(-WATCHED));
      if (result.stoppedBy !== null) break;
    }
  }
  return result;
}

async function deadLetters({ store }: Pick<Engine, "store">, filter: Filter, limit: number) {
  const found: Awaited<ReturnType<typeof store.deadLetters>> = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await store.deadLetters({ ...filter, limit: limit - found.length, cursor });
    found.push(...page);
    const last = page.at(-1);
    if (!last || found.length >= limit) return found;
    cursor = taskId(last.jobId, last.item);
  }
}

/** The error code with which several of these tasks have failed again. */
async function sameAgain(
  engine: Pick<Engine, "store">,
  replayed: readonly Replayed[],
): Promise<string | null> {
  const counts = new Map<string, number>();
  for (const [jobId, ofJob] of Map.groupBy(replayed, (one) => one.jobId)) {
    const dead = await deadLetters(engine, { jobId }, 1_000);
    const now = new Map(dead.map((task) => [taskId(task.jobId, task.item), task]));
    for (const { id, code, generation } of ofJob) {
      const again = now.get(id);
      if (again?.error?.code !== code || again.generation === generation) continue;
      const count = (counts.get(code) ?? 0) + 1;
      if (count >= SAME_ERRORS) return code;
      counts.set(code, count);
    }
  }
  return null;
}
