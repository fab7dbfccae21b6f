import { publish } from "../../domain/ledger/hand-out.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";

/** Fills the windows from the backlog: owners in turn, each owner's tasks by priority, then by arrival. */
export function fillWindows(ledger: SqliteLedger, queues: Queues, now: number): void {
  for (const name of queues.names()) {
    const queue = queues.get(name);
    let room = queue.ready > 0 ? queues.room(name) : 0;
    while (room > 0) {
      const taken = serveOwners(ledger, name, queue, room, (jobId, item) => {
        const task = ledger.task(jobId, item);
        if (task?.state !== "ready" || !queues.take(name)) return;
        publish(ledger, task, now);
      });
      if (taken === 0) break;
      room -= taken;
      // The backlog's index must include what was just published before it is read again.
      if (room > 0) ledger.flush();
    }
  }
}

/** One round over the waiting owners, beginning after the one served last. */
function serveOwners(
  ledger: SqliteLedger,
  name: string,
  queue: { lastOwner: string },
  room: number,
  take: (jobId: string, item: number) => void,
): number {
  const owners: string[] = [];
  const next = (after: string) => ledger.sql.nextOwner.get(name, after)?.owner as string | undefined;
  for (let owner = next(queue.lastOwner); owner !== undefined && owners.length < room; owner = next(owner)) {
    owners.push(owner);
  }
  for (
    let owner = next("");
    owner !== undefined && owners.length < room && !owners.includes(owner);
    owner = next(owner)
  ) {
    owners.push(owner);
  }
  if (owners.length === 0) return 0;
  const share = Math.max(1, Math.floor(room / owners.length));
  let taken = 0;
  for (const owner of owners) {
    const rows = ledger.sql.backlog.all(name, owner, Math.min(share, room - taken));
    for (const row of rows as { job_id: string; item: number }[]) take(row.job_id, row.item);
    taken += rows.length;
    queue.lastOwner = owner;
  }
  return taken;
}
