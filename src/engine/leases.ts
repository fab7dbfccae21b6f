/**
 * Keeps the leases of running attempts alive, and reports lost ones. A lease's token belongs to one attempt: this
 * process may hold a task under a second lease before it learns that the first one is lost.
 */
export interface Leases {
  /**
   * Renews the lease until it is released.
   * @param onLost called once when the lease is lost
   */
  hold(taskId: string, lease: string, onLost: () => void): HeldLease;
  /** Leases currently held. */
  readonly size: number;
  close(): Promise<void>;
}

export interface HeldLease {
  /** The step begins. If it has not ended after `ms`, it is blocking its process, which is then killed. */
  began(ms: number): void;
  /** The step has ended. The lease is still renewed, because recording the outcome may take a while. */
  ended(): void;
  /** Keeps a blob that the step wrote pinned for as long as the lease is held. */
  pinned(key: string): void;
  /** Idempotent. */
  release(): void;
}

export const LEASE_MS = 10_000;
export const RENEW_MS = 3_000;
/** How long a pin of a step's blob lasts. While its lease is held, it is extended by as much every `REPIN_MS`. */
export const PIN_MS = 3_600_000;
export const REPIN_MS = 60_000;
