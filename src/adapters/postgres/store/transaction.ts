import type pg from "pg";
import type { TaskDelivery } from "../../../domain/records.ts";
import { pipeline } from "../connection.ts";
import type { Backlog } from "./backlog.ts";
import type { ServerClock } from "./clock.ts";
import { missing, PostgresLedger } from "./ledger.ts";
import { load, pick, readTime } from "./load.ts";
import type { Operation } from "./operations.ts";
import { Needs, Records } from "./records.ts";
import type { Windows } from "./windows.ts";
import { write, writeEvents } from "./write.ts";

export interface Entry {
  operation: Operation<unknown>;
  /** An earlier try may have been committed. */
  repeated: boolean;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface Committed {
  outcomes: ({ value: unknown } | { error: Error })[];
  ledger: PostgresLedger;
  /** Moved from the backlog into the window. */
  filled: TaskDelivery[];
}

/**
 * Runs commands as one transaction: reads what they need in one round trip, runs the rules over it in memory, and
 * writes in another. If the rules need more, it reads that and runs them again. A failing command is left out.
 */
export async function transact(
  client: pg.ClientBase,
  entries: readonly Entry[],
  windows: Windows,
  backlog: Backlog,
  clock: ServerClock,
  publishes: boolean,
  needs = new Needs(),
): Promise<Committed> {
  const loaded = new Records();
  for (const { operation } of entries) operation.need(needs);
  const picks = needs.picks.length > 0;
  if (picks) {
    const repeated = entries.some((entry) => entry.repeated);
    await pipeline(client, () => [client.query("BEGIN"), ...pick(client, needs, loaded, repeated)]);
  }
  await pipeline(client, () => [
    ...(picks ? [] : [client.query("BEGIN")]),
    readTime(client, clock, loaded),
    ...load(client, needs, loaded),
    ...(windows.isFresh() ? [] : [windows.read(client)]),
  ]);
  const failed = new Map<Entry, Error>();
  for (;;) {
    const { ledger, values, broken } = play(entries, failed, loaded, windows);
    if (ledger.hasMissed && loaded.isTooLateFor(ledger.wanted)) {
      // Starts over, to lock everything that is now known to be needed in the common order.
      needs.add(ledger.wanted);
      needs.picks.length = 0;
      await client.query("ROLLBACK");
      return transact(client, entries, windows, backlog, clock, publishes, needs);
    }
    if (ledger.hasMissed) {
      await pipeline(client, () => load(client, ledger.wanted, loaded));
      continue;
    }
    if (broken) {
      failed.set(broken.entry, broken.error);
      continue;
    }
    await windows.register(client, queuesOf(ledger));
    const left = count(ledger, windows);
    let filled: TaskDelivery[] = [];
    try {
      await pipeline(client, () => [
        ...write(client, ledger, loaded, publishes),
        ...left.map(async (queue) => {
          filled = filled.concat(await backlog.fill(client, queue));
        }),
        ...writeEvents(client, ledger),
        client.query("COMMIT"),
      ]);
    } catch (error) {
      windows.forget();
      throw error;
    }
    const outcomes = entries.map((entry) => {
      const error = failed.get(entry);
      return error ? { error } : { value: values.get(entry) };
    });
    return { outcomes, ledger, filled };
  }
}

/** One pass of the rules over what is loaded. */
function play(
  entries: readonly Entry[],
  failed: ReadonlyMap<Entry, Error>,
  loaded: Records,
  windows: Windows,
): {
  ledger: PostgresLedger;
  values: Map<Entry, unknown>;
  broken: { entry: Entry; error: Error } | null;
} {
  const ledger = new PostgresLedger(loaded, (queue) => windows.roomForNew(queue));
  const values = new Map<Entry, unknown>();
  let broken: { entry: Entry; error: Error } | null = null;
  for (const entry of entries) {
    if (failed.has(entry)) continue;
    ledger.deliveries = [];
    ledger.revoked = [];
    try {
      values.set(entry, entry.operation.run(ledger, entry.repeated));
    } catch (error) {
      // This ledger contains what it changed before it failed; the rest of the pass only finds what else is missing.
      if (error !== missing) broken ??= { entry, error: error as Error };
    }
  }
  return { ledger, values, broken };
}

/** Counts the window slots that were taken and freed; returns the queues whose freed slots the backlog can fill. */
function count(ledger: PostgresLedger, windows: Windows): string[] {
  const left = new Set<string>();
  for (const { record, saved } of ledger.dirtyTasks) {
    if (saved?.state === "published") {
      windows.taken(saved.queue, -1);
      if (record.state !== "published") left.add(saved.queue);
    }
    if (record.state === "published") windows.taken(record.queue, 1);
    if (record.state === "ready") {
      windows.waits(record.queue, true);
      left.add(record.queue);
    }
  }
  return [...left].filter((queue) => windows.roomForBacklog(queue) > 0);
}

function queuesOf(ledger: PostgresLedger): Set<string> {
  const names = new Set<string>();
  for (const { record } of ledger.dirtyTasks) names.add(record.queue);
  return names;
}
