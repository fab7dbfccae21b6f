import type { StoreClock } from "./clock.ts";
import type { Handlers } from "./handlers.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";

/** Waiting owners examined to find a queue's oldest task. */
const OWNERS_LOOKED_AT = 100;

/** Reads that only the writer can answer, from its memory. */
export function queueReads(
  ledger: SqliteLedger,
  queues: Queues,
  clock: StoreClock,
): Handlers<"queues" | "workers" | "counts"> {
  return {
    queues({ now }) {
      return queues.names().map((name) => queues.record(name, now, oldest(ledger, name, now)));
    },

    workers() {
      return [...queues.workers.values()];
    },

    counts() {
      const tasks: Record<string, number> = { ready: 0, running: 0, scheduled: 0, dead: 0 };
      for (const name of queues.names()) {
        const { ready, running, scheduled, dead } = queues.record(name, clock.now(), null);
        for (const [state, n] of Object.entries({ ready, running, scheduled, dead })) tasks[state]! += n;
      }
      return { jobs: queues.liveJobs(), tasks };
    },
  };
}

/** Job ids begin with their time, so the first task of each waiting owner shows the oldest. */
function oldest(ledger: SqliteLedger, queue: string, now: number): number | null {
  let oldestId: string | null = null;
  let owner = ledger.sql.nextOwner.get(queue, "")?.owner as string | undefined;
  for (let n = 0; owner !== undefined && n < OWNERS_LOOKED_AT; n++) {
    const first = ledger.sql.backlog.get(queue, owner, 1)?.job_id as string;
    if (oldestId === null || first < oldestId) oldestId = first;
    owner = ledger.sql.nextOwner.get(queue, owner)?.owner as string | undefined;
  }
  return oldestId === null
    ? null
    : Math.max(0, now - Number.parseInt(oldestId.replace("-", "").slice(0, 12), 16));
}
