import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { operationRecords } from "../../database/operations.ts";
import type { StepLog } from "../../pipeline/context.ts";
import type { Engine } from "../engine.ts";
import { HELD_MS, run } from "./run.ts";

const LOOK_MS = 1_000;
/** Consecutive failures, such as of the store, after which an operation is given up. */
const MOST_FAILURES = 20;

/** Runs operations that no other process is working on. */
export function startOperations(engine: Engine, log: StepLog): { close(): Promise<void> } {
  const records = operationRecords(engine.database);
  const runner = randomUUID();
  const stop = new AbortController();
  const running = new Map<string, Promise<void>>();
  const failures = new Map<string, number>();

  async function work(id: string): Promise<void> {
    const now = engine.store.now();
    const operation = await records.take(id, runner, now, now + HELD_MS);
    if (!operation) return;
    try {
      await run(engine, operation, { runner, signal: stop.signal });
      failures.delete(id);
    } catch (error) {
      const count = (failures.get(id) ?? 0) + 1;
      failures.set(id, count);
      log.warn("an operation was delayed", { operation: id, error: (error as Error).message });
      if (count < MOST_FAILURES) return;
      const reason = `It failed ${count} times in a row: ${(error as Error).message}`;
      const failed = { ...operation, state: "failed" as const, reason, finishedAt: engine.store.now() };
      await records.save(failed, runner, 0);
    }
  }

  async function look(): Promise<void> {
    for (const id of await records.free(engine.store.now())) {
      if (running.has(id)) continue;
      const done = work(id)
        .catch(() => {})
        .finally(() => running.delete(id));
      running.set(id, done);
    }
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await look().catch(() => {});
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    async close() {
      stop.abort();
      await loop;
      await Promise.all(running.values());
    },
  };
}
