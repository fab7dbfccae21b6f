import type { LogPage, ReplicaHead } from "../database/replica.ts";
import type { Entries } from "./entries.ts";

/** The head of an empty log. */
export const NOTHING_WRITTEN: ReplicaHead = { epoch: "", version: 0, floor: 0 };

/** How far a process has come in a log, and its entries. */
export interface Position<Kept> {
  /** `null`: not loaded yet. */
  epoch: string | null;
  version: number;
  entries: Kept;
}

interface Reading {
  /** Reads a page of the log. */
  page(above: number): Promise<LogPage>;
  /** The store's clock. */
  now(): number;
  /** Called when the entries in use have reached this version. */
  onReached(version: number): void;
}

/**
 * Reads a log up to its head: into the current entries, or into a new copy if it cannot continue from its position.
 * @returns the new position, and the keys that changed; `null`: any may have
 */
export async function readLog<Kept extends Entries>(
  from: Position<Kept>,
  { page: pageAbove, now, onReached }: Reading,
): Promise<Position<Kept> & { keys: string[] | null }> {
  const begin = (keeping: boolean): Position<Kept> => ({
    ...{ epoch: null, version: 0 },
    entries: from.entries.renew(now(), keeping) as Kept,
  });
  const keys: string[] = [];
  let at = from.epoch === null ? begin(false) : { ...from };
  let isCopy = from.epoch === null;
  let keeping = false;
  for (;;) {
    const page = await pageAbove(at.version);
    const head = page.head ?? NOTHING_WRITTEN;
    const wentBack = at.epoch !== null && (head.epoch !== at.epoch || head.version < at.version);
    if (wentBack || (at.version > 0 && at.version < head.floor)) {
      keeping ||= wentBack;
      at = begin(keeping);
      isCopy = true;
      continue;
    }
    for (const { key, value, expiresAt } of page.entries) at.entries.put(key, value, expiresAt);
    at.epoch = head.epoch;
    at.version = Math.max(at.version, page.entries.at(-1)?.version ?? 0, page.isLast ? head.version : 0);
    if (!isCopy) {
      keys.push(...page.entries.map((entry) => entry.key));
      onReached(at.version);
    }
    if (page.isLast) return { ...at, keys: isCopy ? null : keys };
  }
}
