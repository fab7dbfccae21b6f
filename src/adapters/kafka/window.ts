import type { Mark } from "./offsets.ts";
import { decodeRuns, encodeRuns } from "./runs.ts";

/** A message of a partition, from its fetch until it and everything before it have been committed. */
export interface Entry {
  readonly window: Window;
  readonly offset: number;
  readonly id: string;
  readonly payload: string;
  /** Deliveries so far, according to the message's header and this process. */
  count: number;
  state: "waiting" | "held" | "finished";
}

/**
 * What a consumer has fetched of one partition and not yet committed. Kafka stores one offset per group and partition:
 * everything below it is done. Messages finish in any order here, so the offset may only advance to the oldest
 * unfinished one; finished messages beyond it are recorded next to the offset.
 */
export class Window {
  readonly partition: number;
  /** The next offset to fetch; `null` until the group's position is known. */
  position: number | null = null;
  /** Fetched messages that are neither held nor finished. */
  waiting = 0;
  /** Another member owns the partition by now, or may. */
  lost = false;
  #entries: Entry[] = [];
  /** How many of the first entries have finished, and how many of the others. */
  #prefix = 0;
  #beyond = 0;
  #changed = false;
  /** What earlier members had finished beyond our starting offset. */
  #doneBefore = new Set<number>();

  constructor(partition: number) {
    this.partition = partition;
  }

  /** Messages between the oldest unfinished one and the newest fetched. */
  get size(): number {
    return this.#entries.length - this.#prefix;
  }

  begin(mark: Mark): void {
    this.position = mark.offset;
    this.#doneBefore = decodeRuns(mark.offset, mark.beyond);
  }

  /** Adds a fetched message. Returns whether to deliver it: another member may have finished it. */
  add(entry: Entry): boolean {
    this.#entries.push(entry);
    this.waiting++;
    if (!this.#doneBefore.delete(entry.offset)) return true;
    this.waiting--;
    this.finish(entry);
    return false;
  }

  hold(entry: Entry): void {
    entry.state = "held";
    entry.count++;
    this.waiting--;
  }

  finish(entry: Entry): void {
    entry.state = "finished";
    this.#changed = true;
    this.#beyond++;
    while (this.#entries[this.#prefix]?.state === "finished") {
      this.#prefix++;
      this.#beyond--;
    }
  }

  /** Undoes a hold or a finish, so that the message is delivered again. */
  reopen(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    if (entry.state === "finished") {
      this.#changed = true;
      if (index < this.#prefix) {
        this.#beyond += this.#prefix - index - 1;
        this.#prefix = index;
      } else this.#beyond--;
    }
    entry.state = "waiting";
    this.waiting++;
  }

  /** This partition's progress; `null` if nothing has changed since the last call. */
  takeMark(): Mark | null {
    const first = this.#entries[0];
    if (!this.#changed || !first) return null;
    this.#changed = false;
    const offset = this.#prefix > 0 ? this.#entries[this.#prefix - 1]!.offset + 1 : first.offset;
    return { partition: this.partition, offset, beyond: encodeRuns(offset, this.#finishedBeyond()) };
  }

  /** Kafka has stored the mark: drops what lies below. */
  kept(mark: Mark): void {
    let count = 0;
    while (count < this.#prefix && this.#entries[count]!.offset < mark.offset) count++;
    this.#entries.splice(0, count);
    this.#prefix -= count;
  }

  /** Kafka has not stored it: the next mark repeats it. */
  refused(): void {
    this.#changed = true;
  }

  *#finishedBeyond(): Generator<number> {
    for (let index = this.#prefix, left = this.#beyond; left > 0; index++) {
      const entry = this.#entries[index]!;
      if (entry.state !== "finished") continue;
      left--;
      yield entry.offset;
    }
    // Not fetched yet, so they lie above all entries.
    yield* this.#doneBefore;
  }
}
