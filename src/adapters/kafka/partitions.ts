import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaRecord } from "@platformatic/kafka";
import type { Mark } from "./offsets.ts";
import { countHeader } from "./settling.ts";
import { type Entry, Window } from "./window.ts";

/** Most messages of a partition between the oldest unfinished one and the newest fetched. */
const maxWindow = 10_000;

/** This consumer's partitions, and their messages that wait for its handler. */
export class Partitions {
  readonly #windows = new Map<number, Window>();
  #waiting: Entry[] = [];

  get windows(): Window[] {
    return [...this.#windows.values()];
  }

  /** Messages fetched but not delivered. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Partitions to read from: a message that never ends must not make us remember everything after it. */
  get readable(): Window[] {
    return this.windows.filter((window) => window.size < maxWindow);
  }

  /**
   * Takes over the partitions that are now ours.
   * @param anew another member may have had those that were already ours
   * @returns whether the starting position of some is still unknown
   */
  own(partitions: readonly number[], anew: boolean): boolean {
    for (const window of this.windows) {
      if (anew || !partitions.includes(window.partition)) this.#lose(window);
    }
    const fresh = partitions.filter((partition) => !this.#windows.has(partition));
    for (const partition of fresh) this.#windows.set(partition, new Window(partition));
    return fresh.length > 0;
  }

  #lose(window: Window): void {
    window.lost = true;
    this.#windows.delete(window.partition);
    this.#waiting = this.#waiting.filter((entry) => entry.window !== window);
  }

  /** Finds where to start reading new partitions; retries until that is known or `isOver` returns true. */
  async locate(
    read: (partitions: readonly number[]) => Promise<Map<number, Mark>>,
    isOver: () => boolean,
  ): Promise<void> {
    for (let wait = 50; !isOver(); wait = Math.min(wait * 2, 1_000)) {
      const open = this.windows.filter((window) => window.position === null);
      if (open.length === 0) return;
      try {
        const marks = await read(open.map((window) => window.partition));
        for (const window of open) if (window.position === null) window.begin(marks.get(window.partition)!);
        return;
      } catch {
        await sleep(wait, undefined, { ref: false });
      }
    }
  }

  /** By partition: where to read next, and how many messages were fetched but not delivered. */
  progress(): Map<number, { position: number; waiting: number }> {
    const known = this.windows.flatMap(({ partition, position, waiting }) =>
      position === null ? [] : [[partition, { position, waiting }] as const],
    );
    return new Map(known);
  }

  receive(window: Window, offset: number, record: KafkaRecord): void {
    const count = record.headers.find(([name]) => name?.toString() === countHeader)?.[1];
    const entry: Entry = {
      window,
      offset,
      id: record.key?.toString() ?? "",
      payload: record.value?.toString() ?? "",
      count: count ? Number(count.toString()) : 0,
      state: "waiting",
    };
    if (window.add(entry)) this.#waiting.push(entry);
  }

  /** The next message for the handler; `undefined` if none is waiting. */
  take(): Entry | undefined {
    const entry = this.#waiting.shift();
    entry?.window.hold(entry);
    return entry;
  }

  /** Queues a message for redelivery. */
  giveBack(entry: Entry): void {
    entry.window.reopen(entry);
    this.#waiting.push(entry);
  }
}
