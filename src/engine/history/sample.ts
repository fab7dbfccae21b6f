import { AUDIT_DAYS, auditRecords } from "../../database/audit.ts";
import { choreRecords } from "../../database/chores.ts";
import { historyRecords } from "../../database/history.ts";
import { OPERATION_DAYS, operationRecords } from "../../database/operations.ts";
import type { HistoryFigure } from "../../domain/history.ts";
import { firstIdAt } from "../../domain/job-search.ts";
import type { Engine } from "../engine.ts";

/** How often one of the processes samples the queues. */
export const SAMPLE_MS = 15_000;
const PRUNE_MS = 10 * 60_000;
const DAY_MS = 24 * 3_600_000;

/** Records how many tasks wait, and for how long. */
export async function sampleQueues({ store, database }: Pick<Engine, "store" | "database">): Promise<void> {
  const chores = choreRecords(database);
  // Shorter than the interval, so that a sample that comes early is not skipped.
  if (!(await chores.begin("sample queues", store.now(), SAMPLE_MS * 0.8))) return;
  const records = historyRecords(database);
  const now = store.now();
  const queues = await store.queues({ now });
  const waits = queues.map(({ name, ready, oldestMs }) => ({ queue: name, ready, oldest: oldestMs ?? 0 }));
  const all = {
    queue: "",
    ready: waits.reduce((sum, { ready }) => sum + ready, 0),
    oldest: Math.max(0, ...waits.map(({ oldest }) => oldest)),
  };
  const figures = [...waits.filter(({ ready, oldest }) => ready + oldest > 0), all].flatMap(
    ({ queue, ready, oldest }): HistoryFigure[] => [
      { queue, metric: "waiting", bucket: 0, n: ready },
      { queue, metric: "oldest", bucket: 0, n: Math.round(oldest) },
    ],
  );
  await records.most(figures, now);
  if (await chores.begin("prune history", now, PRUNE_MS)) await prune(database, now);
}

/** Prunes what is kept for operators. */
async function prune(database: Engine["database"], now: number): Promise<void> {
  await historyRecords(database).prune(now);
  await auditRecords(database).prune(firstIdAt(now - AUDIT_DAYS * DAY_MS));
  await operationRecords(database).prune(firstIdAt(now - OPERATION_DAYS * DAY_MS));
}
