import type { FileStore } from "./files.ts";
import type { JobStore } from "./jobs.ts";
import type { OperationStore } from "./operations.ts";
import type { TaskStore } from "./tasks.ts";

/** One database behind the small ports: a transaction may touch what several of them read. */
export interface Store extends JobStore, TaskStore, FileStore, OperationStore {
  readonly name: string;
  /** Deliveries are published by the store's own transaction: the broker lives in the same database. */
  readonly publishes: boolean;
  /**
   * Calls the handler with the owners whose logs grew, after each commit of this process that appended
   * events: the engine tells the bus. `null`: the store tells its own bus, which is the only one it goes with.
   */
  readonly onAppended: ((handler: (owners: readonly string[]) => void) => void) | null;
  /**
   * The present by the clock that dates the records, ms since the epoch. Every time in a command is made from
   * it: the clocks of the machines around a store differ, and may be set while they run.
   */
  now(): number;
  health(): Promise<void>;
  close(): Promise<void>;
}
