/**
 * Keeps the leases of running attempts, and says when one is lost. A lease's token is one attempt's own: this
 * process may hold a task under a second lease before it learns that the first one is lost.
 */
export interface LeaseKeeper {
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
  /** Idempotent. */
  release(): void;
}

export const LEASE_MS = 10_000;
export const RENEW_MS = 3_000;
