/** Keeps the leases of running tasks, and tells when one is lost. */
export interface LeaseKeeper {
  /**
   * @param until when the task must have ended, ms since the epoch: a process that holds it longer is ended
   * @param onLost called once when the lease is lost or revoked
   */
  hold(taskId: string, lease: string, until: number, onLost: () => void): void;
  release(taskId: string): void;
  /** Leases held now. */
  readonly size: number;
  close(): Promise<void>;
}

export const LEASE_MS = 10_000;
export const RENEW_MS = 3_000;
