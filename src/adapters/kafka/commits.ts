import { isRebalance, lostError, toError } from "./errors.ts";
import type { Mark } from "./offsets.ts";
import type { Entry, Window } from "./window.ts";

/** How to commit finished messages: as a member, or on its behalf after it left. */
export interface Committer {
  commit(marks: readonly Mark[]): Promise<void>;
  /** Waits until our partitions are known; `null`: there will be none. */
  rebalanced: (() => Promise<void>) | null;
}

export interface Commits {
  /**
   * Finishes a message. Resolves when Kafka has stored that. Rejects with `lost_ownership`, or with `unavailable` if
   * Kafka could not be reached; `failed` has then been called.
   */
  finish(entry: Entry): Promise<void>;
  /** Waits for commits in flight. */
  flush(): Promise<void>;
}

interface Waiter {
  entry: Entry;
  resolve(): void;
  reject(error: Error): void;
}

/** Batches finished messages into commits; one commit is in flight at a time. */
export function createCommits(
  windows: () => Iterable<Window>,
  committer: () => Committer,
  failed: (entry: Entry) => void,
): Commits {
  let waiters: Waiter[] = [];
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (waiters.length > 0) {
      await new Promise(setImmediate);
      const batch = waiters;
      waiters = [];
      await commit(batch);
    }
    // In the same turn as the check for waiters: a later one starts a new run.
    running = null;
  }

  async function commit(batch: Waiter[]): Promise<void> {
    const now = [...windows()].flatMap((window) => {
      const mark = window.lost ? null : window.takeMark();
      return mark ? [{ window, mark }] : [];
    });
    const told = new Set(now.map(({ window }) => window));
    const { commit, rebalanced } = committer();
    try {
      if (now.length > 0) await commit(now.map(({ mark }) => mark));
      for (const { window, mark } of now) window.kept(mark);
      for (const { entry, resolve, reject } of batch) {
        if (entry.window.lost && !told.has(entry.window)) reject(lostError(entry.id));
        else resolve();
      }
    } catch (error) {
      for (const window of told) window.refused();
      if (!isRebalance(error)) return fail(batch, error);
      if (rebalanced) await rebalanced();
      else for (const window of told) window.lost = true;
      for (const waiter of batch) {
        if (waiter.entry.window.lost) waiter.reject(lostError(waiter.entry.id));
        else waiters.push(waiter);
      }
    }
  }

  function fail(batch: Waiter[], error: unknown): void {
    for (const { entry, reject } of batch) {
      if (entry.window.lost) reject(lostError(entry.id));
      else {
        failed(entry);
        reject(toError(error, "acknowledging"));
      }
    }
  }

  return {
    finish(entry) {
      entry.window.finish(entry);
      return new Promise((resolve, reject) => {
        waiters.push({ entry, resolve, reject });
        running ??= run();
      });
    },
    async flush() {
      await running;
    },
  };
}
