import type { Claim, Remember, Settle } from "../../domain/commands.ts";
import type { JobRecord, Memo, TaskDelivery, TaskRecord } from "../../domain/records.ts";

/**
 * Tasks as workers and schedulers see them. The claim is the only right to run a task; its token fences
 * every later word about that attempt. Each method takes a batch of any size and answers in its order:
 * an adapter commits what is ready at the same moment together.
 */
export interface TaskStore {
  /**
   * Compare-and-set: published or ready, of the same generation, its job not ended. A claimed task is
   * charged an attempt. As many tasks as were claimed follow from the backlog into the broker's window:
   * `deliveries`, for the caller to publish unless `publishes`.
   */
  claim(command: Claim): Promise<ClaimResult>;
  /** Ends an attempt. `stale`: the token no longer holds, nothing was changed. Repeating is harmless. */
  settle(command: Settle): Promise<SettleResult>;
  /** Moves the leases to `until`; returns those that are lost. */
  renew(command: { leases: { taskId: string; lease: string }[]; until: number }): Promise<{ lost: string[] }>;

  /**
   * Everything that is due: delayed tasks start, lost deliveries and leases are handed out anew,
   * the window of each queue is filled, expired reservations go. `deliveries` as in `claim`.
   */
  sweep(command: Sweep): Promise<{ deliveries: TaskDelivery[]; revoked: string[]; more: boolean }>;
  /** A worker's process has ended: what it held runs again at once, as suspects. Nothing is counted against them. */
  workerGone(command: { worker: string; now: number }): Promise<{ deliveries: TaskDelivery[] }>;
  /** Says that a worker lives and what it does; the store notes when. */
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
  /** Of a part: how those of its item stand, and the item's attempt. */
  parts?: { total: number; done: number; failed: number; attempt: number };
  deliveries: TaskDelivery[];
}

export interface Sweep {
  now: number;
  /** At most so many due tasks in one transaction. */
  limit: number;
  /**
   * A worker that the store has not heard of for so long is taken off its list, and loses its leases. That is
   * no death: its process may live, and nothing is counted against its tasks.
   */
  silenceMs: number;
}

export interface WorkerRecord extends Heartbeat {
  /** When the store heard of it last. */
  seenAt: number;
}

export interface Heartbeat {
  id: string;
  host: string;
  pid: number;
  /** Queues it consumes, with the tasks of each that it runs at once: the window is four times their sum. */
  queues: { [queue: string]: number };
  running: number;
  startedAt: number;
  /** Ended in order: not a death. */
  stopped?: boolean;
}
