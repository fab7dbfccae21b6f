import { createHash, randomUUID } from "node:crypto";
import { JOB_ITEM } from "./records.ts";

/**
 * A UUIDv7 (RFC 9562): sortable by time, so that new rows land at the end of an index.
 * Ids made in one millisecond by one process stay in order: the 12 bits after the version count up.
 */
export function newId(now: number = Date.now()): string {
  // Node draws random UUIDs from a pool: much cheaper than asking for random bytes each time.
  const random = randomUUID();
  if (now > last) {
    last = now;
    counter = Number.parseInt(random.slice(0, 3), 16) & 0x7ff;
  } else if (++counter > 0xfff) {
    counter = 0;
    last++;
  }
  const time = last.toString(16).padStart(12, "0");
  const count = counter.toString(16).padStart(3, "0");
  // A version 4 UUID ends as a version 7 does: the variant, and 62 random bits.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${random.slice(19)}`;
}

/**
 * A UUIDv7 that the same time and parts give again, in any process: what makes a repeated creation one.
 * @param time milliseconds since the epoch
 */
export function derivedId(time: number, ...parts: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const at = Math.max(0, time).toString(16).padStart(12, "0").slice(-12);
  const variant = "89ab"[Number.parseInt(hash[3]!, 16) & 3]!;
  return `${at.slice(0, 8)}-${at.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}

/** When an id was made, ms since the epoch. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

let last = 0;
let counter = 0;

/** A task's id names its job and its place there, so that the job can be locked before the task is read. */
export function taskId(jobId: string, item: number): string {
  return item === JOB_ITEM ? `${jobId}.all` : `${jobId}.${item}`;
}

/** The inverse of `taskId`; `null` for anything else. */
export function parseTaskId(id: string): { jobId: string; item: number } | null {
  const match = /^([0-9a-f-]{36})\.(all|\d{1,6}|-\d{5,10})$/.exec(id);
  if (!match) return null;
  const item = match[2] === "all" ? JOB_ITEM : Number(match[2]);
  return item < -(2 ** 31) ? null : { jobId: match[1]!, item };
}
