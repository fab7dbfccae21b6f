import type { LogPage, ReplicaHead } from "../database/replica.ts";
import type { Entries } from "./entries.ts";

/** The head of a log that nobody has written to. */
export const NOTHING_WRITTEN: ReplicaHead = { epoch: "", version: 0, floor: 0 };

/** How far a process has come in a log, and what it holds. */
export interface Position<Kept> {
  /** `null`: it has not been loaded yet. */
  epoch: string | null;
  version: number;
  entries: Kept;
}

interface Reading {
  /** Of the log. */
  page(above: number): Promise<LogPage>;
  /** By the store's clock. */
  now(): number;
  /** The entries that the process holds have this version now. */
  onReached(version: number): void;
}

/**
 * Reads a log up to its head: into what the process holds, or into a new copy where it cannot go on from where it is.
 * @returns where it is then, and the keys that changed; `null`: any may have
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
