/**
 * Keeps the leases of running attempts, and says when one is lost. A lease's token is one attempt's own: this
 * process may hold a task under a second lease before it learns that the first one is lost.
 */
export interface Leases {
  /**
   * Renews the lease until it is released.
   * @param onLost called once when the lease is lost
   */
  hold(taskId: string, lease: string, onLost: () => void): HeldLease;
  /** Leases held now. */
  readonly size: number;
  close(): Promise<void>;
}

export interface HeldLease {
  /** The step begins: when it has not ended after `ms`, it blocks its process, which is killed. */
  began(ms: number): void;
  /** The step has ended; the lease is still renewed, since its outcome may take a while to record. */
  ended(): void;
  /** Keeps this blob pinned for as long as the lease is held: the step wrote it. */
  pinned(key: string): void;
  /** Idempotent. */
  release(): void;
}

export const LEASE_MS = 10_000;
export const RENEW_MS = 3_000;
/** What a step wrote is pinned for so long, and for as long again every `REPIN_MS` while its lease is held. */
export const PIN_MS = 3_600_000;
export const REPIN_MS = 60_000;
