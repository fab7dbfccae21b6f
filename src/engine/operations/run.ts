import { setTimeout as sleep } from "node:timers/promises";
import { operationRecords } from "../../database/operations.ts";
import { isOpenOperation, type OperationRecord } from "../../domain/operations.ts";
import type { Engine } from "../engine.ts";
import { actions } from "./act.ts";
import { doBatch, ROUND_MS, recoverBatch, takeBatch } from "./batch.ts";
import { nextMatches } from "./matching.ts";
import { paceOf } from "./pace.ts";
import { isStoppedBy, watch } from "./watch.ts";

/** Another process takes over an operation that has not been saved for this long. */
export const HELD_MS = 10_000;
const COUNTED_AT_ONCE = 1_000;
const SAMPLES = 10;
/** Watched tasks checked per round. */
const LOOKED_AT = 40;
/** How long to wait at the end for the outcome of the last replayed tasks. */
const SETTLE_MS = 15_000;

interface Running {
  runner: string;
  signal: AbortSignal;
}

/** Continues an operation until it ends or this process does. */
export async function run(
  engine: Engine,
  operation: OperationRecord,
  { runner, signal }: Running,
): Promise<void> {
  const records = operationRecords(engine.database);
  const { store } = engine;
  const acting = actions(engine);
  const pace = paceOf(operation.perSecond);
  const save = async (): Promise<boolean> => {
    const until = signal.aborted ? 0 : store.now() + HELD_MS;
    const isStopped = await records.save(operation, runner, until);
    if (isStopped && isOpenOperation(operation)) {
      end(operation, store.now(), "stopped", "An operator stopped it.");
      await records.save(operation, runner, 0);
    }
    return isStopped === false && isOpenOperation(operation) && !signal.aborted;
  };

  if (operation.batch.length > 0) await recoverBatch(acting, operation);
  let restUntil: number | null = null;
  while (await save()) {
    const began = performance.now();
    if (operation.state === "counting") {
      await count(engine, operation);
      continue;
    }
    await watch(acting, operation, LOOKED_AT);
    const isWaiting = operation.state === "canary" && operation.done + operation.skipped > 0;
    if (isStoppedBy(operation)) {
      const again = `${operation.returned} of the replayed tasks failed again with the same error.`;
      end(operation, store.now(), "stopped", again);
    } else if (operation.batch.length > 0) {
      await doBatch(acting, operation, { pace, signal });
    } else if (isWaiting) {
      if (operation.watched.length === 0) operation.state = "running";
    } else if (await takeBatch(engine, acting, operation)) {
      // Save before acting: after a crash these are checked first, and a stop prevents them from starting.
      continue;
    } else {
      restUntil ??= performance.now() + SETTLE_MS;
      if (operation.watched.length === 0 || performance.now() > restUntil)
        end(operation, store.now(), "done", null);
    }
    const left = ROUND_MS - (performance.now() - began);
    if (left > 0 && isOpenOperation(operation)) await sleep(left, undefined, { signal }).catch(() => {});
  }
}

function end(
  operation: OperationRecord,
  now: number,
  state: "done" | "stopped",
  reason: string | null,
): void {
  Object.assign(operation, { state, reason, finishedAt: now, batch: [] });
}

async function count(engine: Engine, operation: OperationRecord): Promise<void> {
  const most = operation.most ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(COUNTED_AT_ONCE, most - operation.matched);
  const { matches, next } = await nextMatches(engine, operation, limit);
  operation.matched += matches.length;
  operation.samples.push(...matches.slice(0, SAMPLES - operation.samples.length).map(({ id }) => id));
  operation.cursor = next;
  if (next !== null && operation.matched < most) return;
  const now = engine.store.now();
  operation.cursor = null;
  if (operation.dryRun) {
    Object.assign(operation, { state: "counted", finishedAt: now });
    return;
  }
  const hasCanary = operation.action === "replay" && operation.canary > 0 && operation.matched > 1;
  Object.assign(operation, { state: hasCanary ? "canary" : "running", startedAt: now });
}
