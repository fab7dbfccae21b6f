import type { FileStore } from "./files.ts";
import type { JobStore } from "./jobs.ts";
import type { OperationStore } from "./operations.ts";
import type { TaskStore } from "./tasks.ts";

/** One database behind several small ports, because one transaction may touch what several of them read. */
export interface Store extends JobStore, TaskStore, FileStore, OperationStore {
  readonly name: string;
  /** The store's own transactions publish deliveries, because the broker lives in the same database. */
  readonly publishes: boolean;
  /**
   * Registers a handler for the owners whose logs grew, called after each commit of this process that appended events;
   * the engine forwards them to the bus. `null` if the store notifies its bus itself; it then works with no other bus.
   */
  readonly onAppended: ((handler: (owners: readonly string[]) => void) => void) | null;
  /**
   * The current time in ms since the epoch, by the clock that dates the records. Derive every time in a command from
   * it: clocks on the machines around a store differ, and may be adjusted while they run.
   */
  now(): number;
  health(): Promise<void>;
  close(): Promise<void>;
}
