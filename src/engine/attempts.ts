/** Another attempt holds the lease, or the job was canceled: whatever the step reports is ignored. */
export class LeaseLost extends Error {}

/**
 * The running attempts of this process, by lease. A task may briefly have two: a process that was suspended, or cut off
 * from the store, may claim a task again before it learns that its first lease is lost.
 */
export class Attempts {
  readonly #byLease = new Map<string, AbortController>();
  /** The lease of each task's latest attempt. */
  readonly #latest = new Map<string, string>();

  get size(): number {
    return this.#byLease.size;
  }

  /** Registers an attempt. A new lease means that any earlier one of the task is lost, so that attempt is aborted. */
  begin(taskId: string, lease: string): AbortController {
    const earlier = this.#latest.get(taskId);
    if (earlier !== undefined) this.lose(earlier);
    const stop = new AbortController();
    this.#byLease.set(lease, stop);
    this.#latest.set(taskId, lease);
    return stop;
  }

  end(taskId: string, lease: string): void {
    this.#byLease.delete(lease);
    if (this.#latest.get(taskId) === lease) this.#latest.delete(taskId);
  }

  /** Aborts the attempt that holds this lease, if it runs here. */
  lose(lease: string): void {
    this.#byLease.get(lease)?.abort(new LeaseLost());
  }

  abortAll(reason: Error): void {
    for (const stop of this.#byLease.values()) stop.abort(reason);
  }
}
