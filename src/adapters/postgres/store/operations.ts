import {
  type Claim,
  type CreateJob,
  filesOfItem,
  type Remember,
  type ReopenJob,
  type Settle,
} from "../../../domain/commands.ts";
import { parseTaskId, taskId } from "../../../domain/ids.ts";
import { expireJob, removeJob } from "../../../domain/ledger/cancel.ts";
import { claim as claimTask } from "../../../domain/ledger/claim.ts";
import { firstKey } from "../../../domain/ledger/content-key.ts";
import { countedParts } from "../../../domain/ledger/parts.ts";
import { remember } from "../../../domain/ledger/remember.ts";
import {
  type Answered,
  requestCancel,
  requestJob,
  requestRemoval,
  requestReopening,
} from "../../../domain/ledger/requests.ts";
import { loseLease, settle as settleTask } from "../../../domain/ledger/settle.ts";
import { wake } from "../../../domain/ledger/sweep.ts";
import { partAt } from "../../../domain/parts.ts";
import { JOB_ITEM, type TaskDelivery } from "../../../domain/records.ts";
import type { Changed, Created, Result } from "../../../ports/store/jobs.ts";
import type { ClaimResult, SettleResult } from "../../../ports/store/tasks.ts";
import type { PostgresLedger } from "./ledger.ts";
import type { Needs, Pick } from "./records.ts";
import { isUuid } from "./rows.ts";

/** One command in a batch: what it needs to read first, and its rules over what was read. */
export interface Operation<T> {
  /** Rows that it may touch, which bounds the size of batches. */
  readonly weight: number;
  need(needs: Needs): void;
  /**
   * Runs again from the start whenever a record was missing, so it may change only the ledger.
   * @param repeated an earlier try may have been committed although its answer was lost
   */
  run(ledger: PostgresLedger, repeated: boolean): T;
}

export function create(command: CreateJob): Operation<Result<Created>> {
  const { id, owner, idempotency } = command;
  return {
    weight: 1 + command.items.length / 10,
    need(needs) {
      needs.jobs.add(id);
      for (const { blob } of command.items.flatMap(filesOfItem)) needs.blobs.add(blob);
      for (const { blob } of command.attachments) needs.blobs.add(blob);
      for (const blob of command.pinned) needs.blobs.add(blob);
      if (idempotency) needs.key(owner, idempotency.key);
      const first = command.plan[0];
      if (first?.kind !== "each" || first.cacheKey === null) return;
      for (const item of command.items) {
        const key = firstKey(first, item);
        if (key !== null) needs.cache.add(key);
      }
    },
    run(ledger, repeated) {
      const wasThere = ledger.job(id) !== null;
      const answer = requestJob(ledger, command);
      if (!answer.ok) return answer;
      // An earlier try of this call created it, and its deliveries went nowhere.
      if (wasThere && repeated) return { ...answer, created: true, deliveries: publishedOf(ledger, id) };
      return { ...answer, deliveries: answer.created ? ledger.deliveries : [] };
    },
  };
}

export function cancel(command: { owner: string; id: string; now: number }): Operation<Result<Changed>> {
  return onJob(command.id, (ledger) => withChanges(ledger, requestCancel(ledger, command)));
}

export function reopen(command: ReopenJob): Operation<Result<Changed & { items: number }>> {
  return onJob(command.id, (ledger) => withChanges(ledger, requestReopening(ledger, command)));
}

export function remove(command: { owner: string; id: string; now: number }): Operation<Result<Changed>> {
  return onJob(command.id, (ledger) => withChanges(ledger, requestRemoval(ledger, command)), true);
}

export function claim(command: Claim): Operation<ClaimResult> {
  const taskKey = taskKeyOf(command.taskId);
  return {
    weight: 1,
    need: (needs) => needTask(needs, taskKey),
    run(ledger) {
      if (!taskKey) return { claimed: false, reason: "ended", deliveries: [] };
      const outcome = claimTask(ledger, command);
      if (!outcome.claimed) return { ...outcome, deliveries: [] };
      const { task, job } = outcome;
      // Copies, because a later command of the same batch may change the records.
      return { claimed: true, task: { ...task }, job: { ...job }, deliveries: [] };
    },
  };
}

export interface Next {
  claims: Extract<ClaimResult, { claimed: true }>[];
  /** The owner that was served last. */
  last: string;
  /** More are waiting. */
  more: boolean;
  /** Others hold everything that it could have taken. */
  locked: boolean;
}

/** Claims the next tasks in the backlog of a queue. */
export function claimNext(pick: Pick, leaseMs: number): Operation<Next> {
  return {
    weight: pick.limit,
    need: (needs) => void needs.picks.push(pick),
    run(ledger) {
      const { taskKeys, more, locked } = ledger.picked(pick);
      const claims: Next["claims"] = [];
      taskKeys.forEach(({ jobId, item }, n) => {
        const task = ledger.task(jobId, item);
        // From an earlier try whose answer was lost.
        const mine = task?.state === "leased" && task.lease?.startsWith(pick.token) ? task.lease : null;
        const lease = mine ?? `${pick.token}.${n}`;
        const generation = task?.generation ?? 0;
        const { worker } = pick;
        const now = ledger.serverNow;
        const command = { taskId: taskId(jobId, item), generation, worker, lease, now, leaseMs };
        const outcome = claim(command).run(ledger, false);
        if (outcome.claimed) claims.push(outcome);
      });
      return { claims, last: taskKeys.at(-1)?.owner ?? pick.after, more, locked };
    },
  };
}

export function settle(command: Settle): Operation<SettleResult> {
  const taskKey = taskKeyOf(command.taskId);
  const { outcome } = command;
  const { parts = [], children = [] } = outcome.kind === "succeeded" ? outcome : {};
  return {
    weight: children.reduce((sum, child) => sum + create(child.job).weight, 1 + parts.length / 10),
    need(needs) {
      needTask(needs, taskKey);
      // If this is the last item, the job's own task comes next.
      if (taskKey) needs.task(taskKey.jobId, partAt(taskKey.item)?.item ?? JOB_ITEM);
      if (outcome.kind !== "succeeded") return;
      for (const { blob } of outcome.outputs) needs.blobs.add(blob);
      if (outcome.resultFile) needs.blobs.add(outcome.resultFile.blob);
      for (const { dataFile } of outcome.parts ?? []) if (dataFile) needs.blobs.add(dataFile.blob);
      for (const child of children) create(child.job).need(needs);
    },
    run(ledger) {
      if (!taskKey) return { outcome: "stale", deliveries: [] };
      const settled = settleTask(ledger, command);
      return {
        ...{ outcome: settled, deliveries: ledger.deliveries },
        ...(settled === "settled" && countedParts(ledger, command.taskId)),
      };
    },
  };
}

export function keepMemo(command: Remember): Operation<{ ok: boolean }> {
  const taskKey = taskKeyOf(command.taskId);
  return {
    weight: 1,
    need(needs) {
      needTask(needs, taskKey);
      if (command.blob !== null) needs.blobs.add(command.blob);
    },
    run: (ledger) => ({ ok: taskKey !== null && remember(ledger, command) }),
  };
}

export interface TaskKey {
  jobId: string;
  item: number;
}

/** Tasks whose time has come, as read a moment ago. */
export function wakeTasks(taskKeys: TaskKey[], now: number): Operation<Changed> {
  return onTasks(taskKeys, (ledger, { jobId, item }) => {
    const job = ledger.job(jobId);
    const task = ledger.task(jobId, item);
    if (job && task) wake(ledger, job, task, now);
  });
}

/** Tasks whose worker has lost them. @param died its process has died, which makes them suspects */
export function loseLeases(
  worker: string,
  taskKeys: TaskKey[],
  died: boolean,
  now: number,
): Operation<Changed> {
  return onTasks(taskKeys, (ledger, { jobId, item }) => {
    const job = ledger.job(jobId);
    const task = job && ledger.task(jobId, item);
    if (task?.state === "leased" && task.worker === worker) loseLease(ledger, job!, task, died, now);
  });
}

/** Drops the files of a job that ended long ago; returns whether they still existed. */
export function expire(id: string, now: number): Operation<boolean> {
  return onJob(
    id,
    (ledger) => {
      const job = ledger.job(id);
      if (!job || job.expiresAt === null || job.expiresAt > now || job.state === "expired") return false;
      expireJob(ledger, job, now);
      return true;
    },
    true,
  );
}

/** Deletes an expired job; returns its owner. */
export function forget(id: string, now: number): Operation<string | null> {
  return onJob(
    id,
    (ledger) => {
      const job = ledger.job(id);
      if (job) removeJob(ledger, job, now);
      return job ? job.owner : null;
    },
    true,
  );
}

/** @param drops whether the job's files may be dropped */
function onJob<T>(id: string, run: (ledger: PostgresLedger) => T, drops = false): Operation<T> {
  return {
    weight: 20,
    need(needs) {
      if (!isUuid(id)) return;
      needs.jobs.add(id);
      needs.whole.add(id);
      if (drops) needs.drops.add(id);
    },
    run,
  };
}

function onTasks(
  taskKeys: TaskKey[],
  run: (ledger: PostgresLedger, taskKey: TaskKey) => void,
): Operation<Changed> {
  return {
    weight: taskKeys.length,
    need(needs) {
      for (const { jobId, item } of taskKeys) {
        needs.jobs.add(jobId);
        needs.lockedTask(jobId, item);
      }
    },
    run(ledger) {
      for (const taskKey of taskKeys) run(ledger, taskKey);
      return changed(ledger);
    },
  };
}

function needTask(needs: Needs, taskKey: TaskKey | null): void {
  if (!taskKey) return;
  needs.jobs.add(taskKey.jobId);
  needs.task(taskKey.jobId, taskKey.item);
}

function taskKeyOf(taskId: string): TaskKey | null {
  const taskKey = parseTaskId(taskId);
  return taskKey && isUuid(taskKey.jobId) ? taskKey : null;
}

function changed(ledger: PostgresLedger): Changed {
  return { deliveries: ledger.deliveries, revoked: ledger.revoked };
}

function withChanges<T>(ledger: PostgresLedger, answer: Answered<T>): Result<T & Changed> {
  return answer.ok ? { ...answer, ...changed(ledger) } : answer;
}

function publishedOf(ledger: PostgresLedger, jobId: string): TaskDelivery[] {
  return ledger
    .tasks(jobId)
    .filter((task) => task.state === "published")
    .map(({ item, queue, generation }) => ({
      taskId: `${jobId}.${item === JOB_ITEM ? "all" : item}`,
      queue,
      generation,
    }));
}
