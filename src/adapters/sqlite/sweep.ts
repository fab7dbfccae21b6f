import { parseTaskId } from "../../domain/ids.ts";
import { expireJob, removeJob } from "../../domain/ledger/cancel.ts";
import { loseLease } from "../../domain/ledger/settle.ts";
import { wake } from "../../domain/ledger/sweep.ts";
import type { StoreClock } from "./clock.ts";
import type { Handlers } from "./handlers.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";

/**
 * Each process sweeps once a second. After a longer pause, workers get this much time to renew their leases, which they
 * do every three seconds.
 */
const PAUSE_MS = 5_000;

/** The calls that depend on time: who is alive, what is due, and what expires. */
export function sweeps(
  ledger: SqliteLedger,
  queues: Queues,
  clock: StoreClock,
): Handlers<"renew" | "sweep" | "workerGone" | "heartbeat" | "expire"> {
  const { sql } = ledger;
  let sweptAt: number | null = null;

  return {
    renew({ leases, until }) {
      const lost: string[] = [];
      for (const { taskId, lease } of leases) {
        const id = parseTaskId(taskId);
        const task = id && ledger.task(id.jobId, id.item);
        if (task?.state === "leased" && task.lease === lease) {
          task.wakeAt = until;
          ledger.changedTask(task);
        } else {
          lost.push(lease);
        }
      }
      return { lost };
    },

    sweep({ now, limit, silenceMs }) {
      const sweptBefore = sweptAt;
      sweptAt = clock.now();
      if (sweptBefore !== null && sweptAt - sweptBefore > PAUSE_MS) forgivePause(ledger, queues, clock, now);
      queues.expireReservations(now);
      sql.dropIdempotent.run(now);
      for (const { id, seenAt } of queues.workers.values()) {
        const died = queues.departed.has(id);
        if (died || seenAt < clock.now() - silenceMs) endWorker(ledger, queues, id, died, now);
      }
      const due = sql.dueTasks.all(now, limit) as { job_id: string; item: number }[];
      for (const { job_id, item } of due) {
        const job = ledger.job(job_id);
        const task = ledger.task(job_id, item);
        if (job && task) wake(ledger, job, task, now);
      }
      return { deliveries: ledger.deliveries, revoked: ledger.revoked, more: due.length === limit };
    },

    workerGone({ worker, now }) {
      endWorker(ledger, queues, worker, true, now);
      return { deliveries: ledger.deliveries };
    },

    heartbeat(worker) {
      if (worker.stopped) queues.workers.delete(worker.id);
      else queues.workers.set(worker.id, { ...worker, seenAt: clock.now() });
    },

    expire({ now, limit, forgetBefore }) {
      const due = sql.dueJobs.all(now, limit) as { id: string }[];
      let expired = 0;
      for (const { id } of due) {
        const job = ledger.job(id);
        // The rows do not reflect this transaction's earlier changes, which may have expired or reopened the job.
        if (!job || job.state === "expired" || job.expiresAt === null || job.expiresAt > now) continue;
        expireJob(ledger, job, now);
        expired++;
      }
      const old = sql.forgettable.all(forgetBefore, limit) as { id: string }[];
      for (const { id } of old) {
        const job = ledger.job(id);
        if (!job) continue;
        removeJob(ledger, job, now);
      }
      ledger.log.trimNext(forgetBefore);
      return { expired, more: due.length === limit || old.length === limit };
    },
  };
}

/** Runs a worker's tasks again. @param died its process has died, which makes them suspects */
function endWorker(ledger: SqliteLedger, queues: Queues, worker: string, died: boolean, now: number): void {
  queues.workers.delete(worker);
  queues.departed.delete(worker);
  // So that what it has just claimed is found, too.
  ledger.flush();
  for (const { job_id, item } of ledger.sql.heldTasks.all(worker) as { job_id: string; item: number }[]) {
    const job = ledger.job(job_id);
    const task = job && ledger.task(job_id, item);
    if (task?.state === "leased" && task.worker === worker) loseLease(ledger, job!, task, died, now);
  }
}

/**
 * Extends all leases after a pause: nobody could renew one or send a heartbeat while this process, or the whole
 * machine, was suspended.
 */
function forgivePause(ledger: SqliteLedger, queues: Queues, clock: StoreClock, now: number): void {
  for (const worker of queues.workers.values()) worker.seenAt = clock.now();
  ledger.flush();
  for (const { job_id, item } of ledger.sql.dueLeases.all(now) as { job_id: string; item: number }[]) {
    const task = ledger.task(job_id, item);
    if (task?.state !== "leased") continue;
    task.wakeAt = now + PAUSE_MS;
    ledger.changedTask(task);
  }
}
