import { MillraceError } from "../errors.ts";
import { type BudgetRecords, FULL, type HoldRecord } from "./budgets.ts";

/** A limit on concurrent holders. All callers of a key must agree on its values. */
export interface Room {
  /** Same rules as a budget's key, but a separate namespace. */
  key: string;
  /** Concurrent holders; a whole number of at least 1. */
  limit: number;
  /** A hold that is not renewed lapses after this time, because its holder has died. */
  ttlMs: number;
}

export type Held = { ok: true } | { ok: false; waitMs: number };

/** Assumed mean until the first hold ends. */
export const FIRST_MEAN_MS = 2_000;
/** Weight of the latest hold in the mean. */
export const WEIGHT = 0.2;
export const LEAST_WAIT_MS = 50;
/** A waiter that is this late for its turn loses its place in line. */
export const LATE_MS = 10_000;

/** Takes a place in the room, or renews it. */
export function hold(records: BudgetRecords, room: Room, id: string, now: number): Held {
  const { held, waiting, meanMs } = present(records, room.key, now);
  const own = held[id];
  delete waiting[id];
  if (own || Object.keys(held).length < room.limit) {
    held[id] = [own?.[0] ?? now, now + room.ttlMs];
    keepHolds(records, room.key, { held, waiting, meanMs }, now);
    return { ok: true };
  }
  // A refused caller goes to the end of the line, even if it was in line before.
  const position = Object.keys(waiting).length + 1;
  const waitMs = Math.max(LEAST_WAIT_MS, Math.ceil((position / room.limit) * meanMs));
  waiting[id] = now + waitMs + LATE_MS;
  keepHolds(records, room.key, { held, waiting, meanMs }, now);
  return { ok: false, waitMs };
}

export function release(records: BudgetRecords, key: string, id: string, now: number): void {
  const { held, waiting, meanMs } = present(records, key, now);
  const own = held[id];
  delete held[id];
  delete waiting[id];
  const mean = own ? meanMs + WEIGHT * (now - own[0] - meanMs) : meanMs;
  keepHolds(records, key, { held, waiting, meanMs: mean }, now);
}

function present(records: BudgetRecords, key: string, now: number): HoldRecord {
  const { held, waiting, meanMs } = records.get(roomKey(key))?.holds ?? {
    held: {},
    waiting: {},
    meanMs: FIRST_MEAN_MS,
  };
  return {
    held: Object.fromEntries(Object.entries(held).filter(([, [, until]]) => until > now)),
    waiting: Object.fromEntries(Object.entries(waiting).filter(([, until]) => until > now)),
    meanMs,
  };
}

function keepHolds(records: BudgetRecords, key: string, holds: HoldRecord, now: number): void {
  const ends = [...Object.values(holds.held).map(([, until]) => until), ...Object.values(holds.waiting)];
  const idleAt = Math.max(now, ...ends);
  if (idleAt > now) records.set(roomKey(key), { ...FULL, at: now, holds, idleAt });
  else records.delete(roomKey(key));
}

/** The key of a room's record among those of budgets. */
export function roomKey(key: string): string {
  return `at once ${key}`;
}

export function checkRoom({ key, limit, ttlMs }: Room, id: string): void {
  const isText = (text: string) =>
    text.length >= 1 && text.length <= 200 && text.isWellFormed() && !text.includes("\0");
  const refuse = (why: string) => {
    throw new MillraceError("invalid_request", `The room "${key.slice(0, 200)}" cannot be used: ${why}.`);
  };
  if (!isText(key) || !isText(id))
    refuse("its key and its holder must be 1 to 200 characters of well-formed text");
  if (!(Number.isInteger(limit) && limit >= 1)) refuse("the limit must be a whole number of at least 1");
  if (!(ttlMs >= 1 && Number.isFinite(ttlMs))) refuse("the time to live must be at least 1 ms");
}
