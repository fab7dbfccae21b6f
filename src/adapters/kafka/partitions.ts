import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaRecord } from "@platformatic/kafka";
import type { Mark } from "./offsets.ts";
import { countHeader } from "./settling.ts";
import { type Entry, Window } from "./window.ts";

/** Messages of a partition between the oldest unfinished one and the newest fetched. */
const maxWindow = 10_000;

/** The partitions that are this consumer's, and the messages of them that wait for its handler. */
export class Partitions {
  readonly #windows = new Map<number, Window>();
  #waiting: Entry[] = [];

  get windows(): Window[] {
    return [...this.#windows.values()];
  }

  /** Messages that are fetched and not delivered. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Partitions to read on: a message that takes for ever must not make us remember everything behind it. */
  get readable(): Window[] {
    return this.windows.filter((window) => window.size < maxWindow);
  }

  /**
   * These are ours from now on.
   * @param anew those that were ours before may have been another's since
   * @returns whether there are some whose begin is not known yet
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

  /** Finds where to start reading partitions that became ours; again until that is known or `isOver` says so. */
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

  /** By partition: where it is read next, and how many messages of it are fetched and not delivered. */
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

  /** The next message for the handler; `undefined` when none waits. */
  take(): Entry | undefined {
    const entry = this.#waiting.shift();
    entry?.window.hold(entry);
    return entry;
  }

  /** It is to be delivered again. */
  giveBack(entry: Entry): void {
    entry.window.reopen(entry);
    this.#waiting.push(entry);
  }
}
