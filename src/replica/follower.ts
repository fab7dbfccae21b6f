import type { EntryChange, LogPage, ReplicaHead } from "../database/replica.ts";
import type { Entries } from "./entries.ts";
import type { ChangeMessage } from "./messages.ts";
import { NOTHING_WRITTEN, readLog } from "./read-log.ts";

/** How long a change that the bus has passed by may take to come. */
const GAP_MS = 20;
/** Changes that wait for those before them; beyond that, all are read from the log. */
const MOST_WAITING = 20_000;

export interface FollowerOptions<Kept extends Entries> {
  /** Of the log. */
  page(above: number): Promise<LogPage>;
  entries: Kept;
  /** By the store's clock. */
  now(): number;
  /** Keys that changed; `null`: any may have. */
  onChange(keys: readonly string[] | null): void;
  /** The log could not be read. */
  onFailure(error: unknown): void;
}

/** Keeps what one map holds in memory equal to its log: the bus brings changes early, the log brings them surely. */
export interface Follower<Kept extends Entries> {
  entries(): Kept;
  epoch(): string | null;
  /** Of the last change that was taken over; 0 until it was loaded. */
  version(): number;
  /** When the log was seen to have nothing newer, by `performance.now()`; `null`: never. */
  provenAt(): number | null;
  reads(): number;
  /** From the bus: early, late, twice, or not at all. */
  hear(message: ChangeMessage): void;
  /** Reads what is missing. Those who ask meanwhile get the next reading. */
  read(): Promise<void>;
  /**
   * The head of the log, as somebody read it.
   * @param asked when, and what `version` was then
   */
  sawHead(head: ReplicaHead | null, asked: { at: number; version: number }): void;
  /** Whether the version has come, or is none of this log's; waits for it at most `ms`. */
  waitFor(version: number, ms: number): Promise<boolean>;
  close(): void;
}

/** A change above the present version. */
interface Heard {
  epoch: string;
  /** `null`: only the log has it. */
  change: EntryChange | null;
}

export function follow<Kept extends Entries>(options: FollowerOptions<Kept>): Follower<Kept> {
  let entries = options.entries;
  let epoch: string | null = null;
  let version = 0;
  let provenAt: number | null = null;
  let reads = 0;
  const waiting = new Map<number, Heard>();
  const waiters = new Set<{ version: number; resolve(arrived: boolean): void }>();
  let reading: Promise<void> | null = null;
  let readNext: Promise<void> | null = null;
  let gap: NodeJS.Timeout | null = null;
  let isClosed = false;

  function advance(to: number): void {
    version = to;
    for (const waiter of waiters) if (waiter.version <= version) waiter.resolve(true);
  }

  /** Takes over what follows without a gap. */
  function drain(): void {
    const keys: string[] = [];
    let next = version + 1;
    for (; ; next++) {
      const heard = waiting.get(next);
      if (heard?.epoch !== epoch || !heard.change) break;
      const { key, value, expiresAt } = heard.change;
      entries.put(key, value, expiresAt);
      waiting.delete(next);
      keys.push(key);
    }
    if (keys.length === 0) return;
    advance(next - 1);
    options.onChange(keys);
  }

  function readSoon(): void {
    if (gap || isClosed) return;
    gap = setTimeout(() => {
      gap = null;
      if (waiting.size > 0) read().catch(options.onFailure);
    }, GAP_MS);
  }

  function read(): Promise<void> {
    if (isClosed) return Promise.resolve();
    if (!reading) {
      reading = readOn().finally(() => {
        reading = null;
      });
      return reading;
    }
    // What is being read may have begun before the change that the caller is after.
    readNext ??= reading
      .catch(() => {})
      .then(() => {
        readNext = null;
        return read();
      });
    return readNext;
  }

  async function readOn(): Promise<void> {
    const startedAt = performance.now();
    const heardBefore = [...waiting.keys()];
    reads++;
    const at = await readLog({ epoch, version, entries }, { ...options, onReached: advance });
    ({ entries, epoch } = at);
    advance(at.version);
    provenAt = startedAt;
    // The log had what was heard before it was read: anything else is of another log, or nobody's.
    for (const one of heardBefore) waiting.delete(one);
    for (const one of waiting.keys()) if (one <= version) waiting.delete(one);
    if (at.keys === null || at.keys.length > 0) options.onChange(at.keys);
    drain();
    if (waiting.size > 0) readSoon();
  }

  return {
    entries: () => entries,
    epoch: () => epoch,
    version: () => version,
    provenAt: () => provenAt,
    reads: () => reads,
    read,
    hear({ epoch: of, first, changes }) {
      const last = first + (changes?.length ?? 1) - 1;
      // The log begins with it.
      if (epoch === NOTHING_WRITTEN.epoch && first === 1) epoch = of;
      if (isClosed || (of === epoch && last <= version)) return;
      if (waiting.size > MOST_WAITING) waiting.clear();
      for (let at = first; at <= last; at++) {
        if (of !== epoch || at > version)
          waiting.set(at, { epoch: of, change: changes?.[at - first] ?? null });
      }
      // Until it was loaded, all wait.
      if (epoch === null || reading) return;
      drain();
      if (waiting.size > 0) readSoon();
    },
    sawHead(head, asked) {
      const seen = head ?? NOTHING_WRITTEN;
      const wentBack = seen.epoch !== epoch || seen.version < asked.version;
      if (!wentBack && version >= seen.version) {
        provenAt = Math.max(provenAt ?? asked.at, asked.at);
        return;
      }
      if (wentBack) {
        read().catch(options.onFailure);
        return;
      }
      // The bus may bring it in this moment.
      setTimeout(() => {
        if (epoch === seen.epoch && version >= seen.version) provenAt = Math.max(provenAt ?? 0, asked.at);
        else read().catch(options.onFailure);
      }, GAP_MS).unref();
    },
    async waitFor(wanted, ms) {
      if (version >= wanted) return true;
      const askedAt = performance.now();
      const arrived = Promise.withResolvers<boolean>();
      const waiter = { version: wanted, resolve: arrived.resolve };
      waiters.add(waiter);
      // A log that was restored has not come as far again as it had been.
      const isOfAnotherLog = () => provenAt !== null && provenAt > askedAt;
      const late = setTimeout(() => arrived.resolve(isOfAnotherLog()), ms);
      const early = setTimeout(() => void read().catch(() => {}), GAP_MS);
      try {
        return await arrived.promise;
      } finally {
        clearTimeout(late);
        clearTimeout(early);
        waiters.delete(waiter);
      }
    },
    close() {
      isClosed = true;
      if (gap) clearTimeout(gap);
      for (const waiter of waiters) waiter.resolve(false);
    },
  };
}
