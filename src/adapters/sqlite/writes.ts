import { admissionRefusal } from "../../domain/admission.ts";
import { parseTaskId } from "../../domain/ids.ts";
import { expireJob, removeJob } from "../../domain/ledger/cancel.ts";
import { claim } from "../../domain/ledger/claim.ts";
import { countedParts } from "../../domain/ledger/parts.ts";
import { remember } from "../../domain/ledger/remember.ts";
import {
  type Answered,
  requestCancel,
  requestJob,
  requestRemoval,
  requestReopening,
} from "../../domain/ledger/requests.ts";
import { loseLease, settle } from "../../domain/ledger/settle.ts";
import { wake } from "../../domain/ledger/sweep.ts";
import type { Changed, Created, Result } from "../../ports/store/jobs.ts";
import type { Store } from "../../ports/store/store.ts";
import type { ClaimResult } from "../../ports/store/tasks.ts";
import type { StoreClock } from "./clock.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";

type Argument<M extends keyof Store> = Store[M] extends (argument: infer A) => unknown ? A : never;
type Answer<M extends keyof Store> = Store[M] extends (...args: never[]) => Promise<infer R> ? R : never;

export type Handlers<Names extends keyof Store> = { [M in Names]: (argument: Argument<M>) => Answer<M> };

export type WriteNames =
  | "createJob"
  | "cancelJob"
  | "reopenJob"
  | "removeJob"
  | "reserve"
  | "release"
  | "claim"
  | "settle"
  | "renew"
  | "sweep"
  | "workerGone"
  | "heartbeat"
  | "remember"
  | "pin"
  | "keepPinned"
  | "unpin"
  | "collect"
  | "forget"
  | "expire"
  | "setPaused";

/**
 * Processes sweep once a second each. After a longer pause, workers have as long again to renew their leases,
 * which they do every three seconds.
 */
const PAUSE_MS = 5_000;

/** The calls that change something, each a part of the writer's present transaction. */
export function writes(ledger: SqliteLedger, queues: Queues, clock: StoreClock): Handlers<WriteNames> {
  const { sql } = ledger;
  const changed = (): Changed => ({ deliveries: ledger.deliveries, revoked: ledger.revoked });
  const withChanges = <T>(answer: Answered<T>): Result<T & Changed> =>
    answer.ok ? { ...answer, ...changed() } : answer;

  /** What a worker held runs again. @param died its process has ended, which makes it suspects */
  const endWorker = (worker: string, died: boolean, now: number) => {
    queues.workers.delete(worker);
    queues.departed.delete(worker);
    // What it claimed a moment ago must be found, too.
    ledger.flush();
    for (const { job_id, item } of sql.heldTasks.all(worker) as { job_id: string; item: number }[]) {
      const task = ledger.job(job_id) && ledger.task(job_id, item);
      if (task?.state === "leased" && task.worker === worker) loseLease(ledger, task, died, now);
    }
  };

  /** Nobody could renew a lease or send a heartbeat while this process, or the whole machine, stood still. */
  const forgivePause = (now: number) => {
    for (const worker of queues.workers.values()) worker.seenAt = clock.now();
    ledger.flush();
    for (const { job_id, item } of sql.dueLeases.all(now) as { job_id: string; item: number }[]) {
      const task = ledger.task(job_id, item);
      if (task?.state !== "leased") continue;
      task.wakeAt = now + PAUSE_MS;
      ledger.changedTask(task);
    }
  };
  let sweptAt: number | null = null;

  return {
    createJob(command): Result<Created> {
      const answer = requestJob(ledger, command);
      return answer.ok ? { ...answer, deliveries: answer.created ? ledger.deliveries : [] } : answer;
    },

    cancelJob: (command) => withChanges(requestCancel(ledger, command)),
    reopenJob: (command) => withChanges(requestReopening(ledger, command)),
    removeJob: (command) => withChanges(requestRemoval(ledger, command)),

    reserve({ id, now, expiresAt, ...asked }) {
      const { owner, queue, delayed, tasks } = asked;
      queues.expireReservations(now);
      // What this transaction has created counts, too.
      if (delayed) ledger.flush();
      const refusal = admissionRefusal(asked, {
        taken: queues.taken(queue, delayed),
        ownReserved: queues.reserved(queue, delayed, owner),
        ownDelayed: queues.delayedOf(queue, owner),
        drainRate: queues.drainRate(queue, now),
      });
      if (refusal) return refusal;
      queues.reserve(id, { queue, owner, delayed, tasks, expiresAt });
      return { ok: true, reserved: tasks };
    },

    release({ id }) {
      queues.release(id);
    },

    claim(command): ClaimResult {
      const outcome = claim(ledger, command);
      if (!outcome.claimed) return { ...outcome, deliveries: [] };
      // Copies: the reply is encoded when the transaction has ended.
      return { claimed: true, task: { ...outcome.task }, job: outcome.job, deliveries: [] };
    },

    settle(command) {
      const outcome = settle(ledger, command);
      const parts = outcome === "settled" ? countedParts(ledger, command.taskId) : {};
      return { outcome, ...parts, deliveries: ledger.deliveries };
    },

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
      if (sweptBefore !== null && sweptAt - sweptBefore > PAUSE_MS) forgivePause(now);
      queues.expireReservations(now);
      sql.dropIdempotent.run(now);
      for (const { id, seenAt } of queues.workers.values()) {
        const died = queues.departed.has(id);
        if (died || seenAt < clock.now() - silenceMs) endWorker(id, died, now);
      }
      const due = sql.dueTasks.all(now, limit) as { job_id: string; item: number }[];
      for (const { job_id, item } of due) {
        const job = ledger.job(job_id);
        const task = ledger.task(job_id, item);
        if (job && task) wake(ledger, job, task, now);
      }
      return { ...changed(), more: due.length === limit };
    },

    workerGone({ worker, now }) {
      endWorker(worker, true, now);
      return { deliveries: ledger.deliveries };
    },

    heartbeat(worker) {
      if (worker.stopped) queues.workers.delete(worker.id);
      else queues.workers.set(worker.id, { ...worker, seenAt: clock.now() });
    },

    remember(command) {
      return { ok: remember(ledger, command) };
    },

    pin({ key, sha256, bytes, until }) {
      const live = sql.liveContent.get(sha256, clock.now()) as { key: string } | undefined;
      const kept = live?.key ?? key;
      if (!live) sql.insertBlob.run(key, sha256, bytes, until);
      sql.pin.run(until, kept);
      return { key: kept };
    },

    keepPinned({ keys, until }) {
      for (const key of keys) sql.keepPinned.run(until, key);
    },

    unpin({ keys }) {
      for (const key of keys) sql.unpin.run(key);
    },

    collect({ now, limit }) {
      if (queues.collectionHeld) return [];
      sql.markDeleting.run(now, limit);
      return sql.deleting.all(limit).map((row) => row.key as string);
    },

    forget({ keys }) {
      for (const key of keys) sql.forgetBlob.run(key);
    },

    expire({ now, limit, forgetBefore }) {
      const due = sql.dueJobs.all(now, limit) as { id: string }[];
      let expired = 0;
      for (const { id } of due) {
        const job = ledger.job(id);
        // The rows do not tell yet what this transaction did before: another may have expired or reopened it.
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

    setPaused({ queue, paused }) {
      (paused ? sql.pause : sql.resume).run(queue);
      queues.get(queue).paused = paused;
      return { deliveries: ledger.deliveries };
    },
  };
}
