import type { Claim, Remember, Settle } from "../../domain/commands.ts";
import type { JobRecord, Memo, TaskDelivery, TaskRecord } from "../../domain/records.ts";

/**
 * Tasks as workers and schedulers see them. A claim is the only right to run a task; its token fences every later write
 * of that attempt. Concurrent calls are batched: an adapter commits calls that are ready at the same moment together.
 */
export interface TaskStore {
  /**
   * Compare-and-set: the task must be published or ready and of the same generation, and its job not ended. A claimed
   * task is charged an attempt. For each claimed task, one more moves from the backlog into the broker's window; the
   * caller publishes these `deliveries` unless `publishes` is true.
   */
  claim(command: Claim): Promise<ClaimResult>;
  /** Ends an attempt. `stale`: the token no longer holds, and nothing changed. Repeating is harmless. */
  settle(command: Settle): Promise<SettleResult>;
  /** Extends the leases to `until`; returns those that are lost. */
  renew(command: { leases: { taskId: string; lease: string }[]; until: number }): Promise<{ lost: string[] }>;

  /**
   * Does everything that is due: starts delayed tasks, hands out lost deliveries and expired leases again, fills the
   * window of each queue, drops expired reservations. `deliveries` as in `claim`.
   */
  sweep(command: Sweep): Promise<{ deliveries: TaskDelivery[]; revoked: string[]; more: boolean }>;
  /** A worker's process has died: its tasks run again at once, as suspects. No attempt is counted against them. */
  workerGone(command: { worker: string; now: number }): Promise<{ deliveries: TaskDelivery[] }>;
  /** Records that a worker is alive and what it is doing; the store adds the time. */
  heartbeat(command: Heartbeat): Promise<void>;

  memo(query: { taskId: string; step: string; key: string }): Promise<Memo | null>;
  /** Not `ok`: the lease is lost, or the memo's blob is gone. */
  remember(command: Remember): Promise<{ ok: boolean }>;
}

export type ClaimResult =
  | { claimed: true; task: TaskRecord; job: JobRecord; deliveries: TaskDelivery[] }
  | { claimed: false; reason: "ended" | "not_due" | "old_generation" | "leased"; deliveries: TaskDelivery[] };

export interface SettleResult {
  outcome: "settled" | "stale";
  /** For a part: the state of its item's parts, and the item's attempt. */
  parts?: { total: number; done: number; failed: number; attempt: number };
  deliveries: TaskDelivery[];
}

export interface Sweep {
  now: number;
  /** Most due tasks in one transaction. */
  limit: number;
  /**
   * After this long without a heartbeat, a worker is removed from the list and loses its leases. This is not treated as
   * a death: its process may be alive, and nothing is counted against its tasks.
   */
  silenceMs: number;
}

export interface WorkerRecord extends Heartbeat {
  /** When its last heartbeat arrived. */
  seenAt: number;
}

export interface Heartbeat {
  id: string;
  host: string;
  pid: number;
  /** Queues it consumes, and how many tasks of each it runs at once. The window is four times their sum. */
  queues: { [queue: string]: number };
  running: number;
  startedAt: number;
  /** Millrace's version; absent from older processes. */
  version?: string;
  /** The process's resident memory. */
  memoryBytes?: number;
  /** Running tasks, oldest first: at most `TOLD_TASKS`. */
  tasks?: RunningTask[];
  /** It takes no new tasks, and exits when its running tasks have ended. */
  draining?: boolean;
  /** It exited cleanly, which is not a death. */
  stopped?: boolean;
}

/** Most running tasks in one heartbeat. */
export const TOLD_TASKS = 50;

export interface RunningTask {
  taskId: string;
  /** When the worker started it, by the store's clock. */
  since: number;
}
