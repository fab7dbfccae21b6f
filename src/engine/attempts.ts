/** The lease is another's, or the job was cancelled: nothing that the step says counts any more. */
export class LeaseLost extends Error {}

/**
 * The attempts under way in this process, by lease. A task may have two for a moment: a process that was
 * stopped, or cut off from the store, may claim a task again before it learns that its first lease is lost.
 */
export class Attempts {
  readonly #byLease = new Map<string, AbortController>();
  /** The lease of each task's latest attempt. */
  readonly #latest = new Map<string, string>();

  get size(): number {
    return this.#byLease.size;
  }

  /** A new lease means that any earlier one of the task is lost: its attempt is aborted. */
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
