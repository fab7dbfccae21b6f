import { admissionRefusal } from "../../domain/admission.ts";
import { parseTaskId } from "../../domain/ids.ts";
import { cancelJob, expireJob, removeJob } from "../../domain/ledger/cancel.ts";
import { claim } from "../../domain/ledger/claim.ts";
import { createJob } from "../../domain/ledger/create.ts";
import { remember } from "../../domain/ledger/remember.ts";
import { reopenJob } from "../../domain/ledger/reopen.ts";
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

/** Of a job, with the answer that it was created. */
const FIRST_ITEMS = 100;

/**
 * Processes sweep once a second each. After a longer pause, workers have as long again to renew their leases,
 * which they do every three seconds.
 */
const PAUSE_MS = 5_000;

/** The calls that change something, each a part of the writer's present transaction. */
export function writes(ledger: SqliteLedger, queues: Queues, clock: StoreClock): Handlers<WriteNames> {
  const { sql } = ledger;
  const changed = (): Changed => ({ deliveries: ledger.deliveries, revoked: ledger.revoked });
  const owned = (owner: string | null, id: string) => {
    const job = ledger.job(id);
    return job && (owner === null || job.owner === owner) ? job : null;
  };

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
      const repeated = ledger.job(command.id);
      if (repeated)
        return {
          ok: true,
          job: repeated,
          items: firstItems(ledger, command.id),
          created: false,
          deliveries: [],
        };
      const { idempotency, owner, now } = command;
      if (idempotency) {
        const known = sql.idempotent.get(owner, idempotency.key, now);
        const job = known ? owned(owner, known.job_id as string) : null;
        if (known && job) {
          if (known.fingerprint !== idempotency.fingerprint) {
            return refuse(
              "idempotency_mismatch",
              "This Idempotency-Key was used for another request; use a new one.",
            );
          }
          return { ok: true, job, items: firstItems(ledger, job.id), created: false, deliveries: [] };
        }
      }
      const made = createJob(ledger, command);
      if (made === "expired")
        return refuse("gone", "A file of this request is no longer there; upload it again.");
      if (idempotency) {
        sql.saveIdempotent.run(
          owner,
          idempotency.key,
          idempotency.fingerprint,
          command.id,
          idempotency.expiresAt,
        );
      }
      if (command.reservation) queues.release(command.reservation);
      const items = made.tasks.slice(0, FIRST_ITEMS).map((task) => ({ ...task }));
      return { ok: true, job: { ...made.job }, items, created: true, deliveries: ledger.deliveries };
    },

    cancelJob({ owner, id, now }): Result<Changed> {
      const job = owned(owner, id);
      if (!job) return notFound();
      if (cancelJob(ledger, job, now) === "ended")
        return refuse("job_ended", `The job has already ended (${job.state}).`);
      return { ok: true, ...changed() };
    },

    reopenJob({ owner, id, items, now }) {
      const job = owned(owner, id);
      if (!job) return notFound();
      const reopened = reopenJob(ledger, job, items, now);
      if (reopened.ok) return { ok: true, items: reopened.items, ...changed() };
      if (reopened.reason === "files_gone")
        return refuse("gone", "The files of the failed items are past their retention.");
      if (reopened.reason === "nothing")
        return refuse("job_not_retryable", "No item of this job has failed.");
      return refuse("job_not_retryable", `A job that is ${job.state} cannot run again.`);
    },

    removeJob({ owner, id, now }): Result<Changed> {
      const job = owned(owner, id);
      if (!job) return notFound();
      removeJob(ledger, job, now);
      return { ok: true, ...changed() };
    },

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
      return { outcome: settle(ledger, command), deliveries: ledger.deliveries };
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

function firstItems(ledger: SqliteLedger, jobId: string) {
  // This transaction may have created them.
  ledger.flush();
  const rows = ledger.sql.firstItems.all(jobId, FIRST_ITEMS) as { item: number }[];
  return rows.map(({ item }) => ledger.task(jobId, item)!);
}

function refuse(code: "gone" | "idempotency_mismatch" | "job_ended" | "job_not_retryable", message: string) {
  return { ok: false as const, code, message };
}

function notFound() {
  return { ok: false as const, code: "not_found" as const, message: "There is no such job." };
}
