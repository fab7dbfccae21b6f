import type { EntryChange, LogPage, ReplicaHead } from "../database/replica.ts";
import type { Entries } from "./entries.ts";
import type { ChangeMessage } from "./messages.ts";
import { NOTHING_WRITTEN, readLog } from "./read-log.ts";

/** How long to wait for a change missing from the bus before the log is read. */
const GAP_MS = 20;
/** Most changes waiting for their predecessors; beyond that, everything is read from the log. */
const MOST_WAITING = 20_000;

export interface FollowerOptions<Kept extends Entries> {
  /** Reads a page of the log. */
  page(above: number): Promise<LogPage>;
  entries: Kept;
  /** The store's clock. */
  now(): number;
  /** Called with the keys that changed; `null`: any may have. */
  onChange(keys: readonly string[] | null): void;
  /** The log could not be read. */
  onFailure(error: unknown): void;
}

/** Keeps one map in memory equal to its log: the bus delivers changes early, the log delivers them reliably. */
export interface Follower<Kept extends Entries> {
  entries(): Kept;
  epoch(): string | null;
  /** Version of the last applied change; 0 until loaded. */
  version(): number;
  /** When the log was last known to have nothing newer, by `performance.now()`; `null`: never. */
  provenAt(): number | null;
  reads(): number;
  /** A message from the bus; it may be early, late, duplicated or missing. */
  hear(message: ChangeMessage): void;
  /** Reads what is missing. Callers during a read share the next one. */
  read(): Promise<void>;
  /**
   * Reports the head of the log, as someone read it.
   * @param asked when it was requested, and what `version` was then
   */
  sawHead(head: ReplicaHead | null, asked: { at: number; version: number }): void;
  /** Waits at most `ms` for the version. True if it has arrived, or if it cannot because the log was replaced. */
  waitFor(version: number, ms: number): Promise<boolean>;
  close(): void;
}

/** A change above the current version. */
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
  /** A head that was seen while the log was being read. */
  let seenMeanwhile: ReplicaHead | null = null;
  let gap: NodeJS.Timeout | null = null;
  let isClosed = false;

  function advance(to: number): void {
    version = to;
    for (const waiter of waiters) if (waiter.version <= version) waiter.resolve(true);
  }

  /** Applies changes that follow without a gap. */
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
    // The current read may have begun before the change that the caller wants.
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
    seenMeanwhile = null;
    const at = await readLog({ epoch, version, entries }, { ...options, onReached: advance });
    ({ entries, epoch } = at);
    advance(at.version);
    provenAt = startedAt;
    // The log contains whatever was heard before it was read; anything else belongs to another log, or is invalid.
    for (const one of heardBefore) waiting.delete(one);
    for (const one of waiting.keys()) if (one <= version) waiting.delete(one);
    if (at.keys === null || at.keys.length > 0) options.onChange(at.keys);
    // What was read may predate that head, if the log has been restored since.
    if (isOlderThanRead(seenMeanwhile)) read().catch(options.onFailure);
    drain();
    if (waiting.size > 0) readSoon();
  }

  function isOlderThanRead(head: ReplicaHead | null): boolean {
    return head !== null && (head.epoch !== epoch || head.version < version);
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
      // The log begins with this change.
      if (epoch === NOTHING_WRITTEN.epoch && first === 1) epoch = of;
      if (isClosed || (of === epoch && last <= version)) return;
      if (waiting.size > MOST_WAITING) waiting.clear();
      for (let at = first; at <= last; at++) {
        if (of !== epoch || at > version)
          waiting.set(at, { epoch: of, change: changes?.[at - first] ?? null });
      }
      // Until the map is loaded, all changes wait.
      if (epoch === null || reading) return;
      drain();
      if (waiting.size > 0) readSoon();
    },
    sawHead(head, asked) {
      const seen = head ?? NOTHING_WRITTEN;
      if (reading) seenMeanwhile = seen;
      const wentBack = seen.epoch !== epoch || seen.version < asked.version;
      if (!wentBack && version >= seen.version) {
        provenAt = Math.max(provenAt ?? asked.at, asked.at);
        return;
      }
      if (wentBack) {
        read().catch(options.onFailure);
        return;
      }
      // The bus may deliver it any moment.
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
      // A restored log may never reach that version.
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
