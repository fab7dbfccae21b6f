import type { Begun, OperationRecord } from "../../domain/operations.ts";
import { MillraceError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import type { Actions } from "./act.ts";
import { nextMatches } from "./matching.ts";
import type { Pace } from "./pace.ts";
import { isStoppedBy, watch } from "./watch.ts";

/** Planned duration of a batch. An operator's stop takes effect between batches. */
export const ROUND_MS = 500;
/** Longest duration of a batch if the store is slow: well below the time for which an operation is held. */
const MOST_MS = 2_000;
/** Replayed tasks that are watched until they end. */
const WATCHED = 200;
/** Watched tasks checked after each action of a batch. */
const LOOKED_AT_BETWEEN = 8;

/** Picks the next matches, which are not begun yet. @returns whether there are any left */
export async function takeBatch(
  engine: Engine,
  acting: Actions,
  operation: OperationRecord,
): Promise<boolean> {
  const { most, state, canary, perSecond, done, skipped } = operation;
  if (operation.isExhausted) return false;
  const left = (most ?? Number.POSITIVE_INFINITY) - done - skipped;
  const paced = Math.max(1, Math.round((perSecond * ROUND_MS) / 1_000));
  const limit = Math.min(left, state === "canary" ? canary : paced);
  if (limit <= 0) return false;
  const { matches, next } = await nextMatches(engine, operation, limit);
  operation.batch = await Promise.all(matches.map((match) => acting.begin(match)));
  operation.cursor = next ?? operation.cursor;
  operation.isExhausted = next === null;
  return true;
}

/**
 * Works through the batch at the operation's rate. Checks before each action whether the same error has come back, and
 * then leaves the rest. Also leaves the rest when time is up, so that progress is saved regularly.
 */
export async function doBatch(
  acting: Actions,
  operation: OperationRecord,
  { pace, signal }: { pace: Pace; signal: AbortSignal },
): Promise<void> {
  const until = performance.now() + MOST_MS;
  while (performance.now() < until) {
    const [begun] = operation.batch;
    if (!begun || pace.wait() > ROUND_MS || !(await pace.turn(signal))) return;
    await watch(acting, operation, LOOKED_AT_BETWEEN);
    if (isStoppedBy(operation)) return;
    await doOne(acting, operation, begun);
    operation.batch = operation.batch.slice(1);
  }
}

async function doOne(acting: Actions, operation: OperationRecord, begun: Begun): Promise<void> {
  try {
    const watched = await acting.act(operation, begun);
    operation.done++;
    if (watched) operation.watched = [...operation.watched, watched].slice(-WATCHED);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.status >= 500) throw error;
    operation.skipped++;
    operation.skippedBy[error.code] = (operation.skippedBy[error.code] ?? 0) + 1;
  }
}

/** After a crash: counts the completed actions of a batch, and leaves the rest to be done. */
export async function recoverBatch(acting: Actions, operation: OperationRecord): Promise<void> {
  const left: Begun[] = [];
  for (const begun of operation.batch) {
    if (!(await acting.wasDone(operation, begun))) {
      left.push(begun);
      continue;
    }
    operation.done++;
    if (operation.action === "replay") operation.watched.push(begun);
  }
  const last = operation.batch.at(-1);
  if (last) operation.cursor = last.id;
  operation.batch = left;
}
