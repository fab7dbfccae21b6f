import { createHash, randomUUID } from "node:crypto";
import { JOB_ITEM } from "./records.ts";

/**
 * A UUIDv7 (RFC 9562): sortable by time, so that new rows land at the end of an index. Ids made by one process within a
 * millisecond stay in order: the 12 bits after the version count up.
 */
export function newId(now: number = Date.now()): string {
  // Node draws random UUIDs from a pool, which is much cheaper than requesting random bytes each time.
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
  // The tail of a version 4 UUID has the form of a version 7 one: the variant, and 62 random bits.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${random.slice(19)}`;
}

/**
 * A UUIDv7 derived from a time and parts: every process gets the same id, so a repeated creation is detected.
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

/** A task's id contains its job and its item, so that the job can be locked before the task is read. */
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

/**
 * A string that sorts after every UUIDv7 made before a time and before every one made since. @param time ms since the
 * epoch
 */
export function idsFrom(time: number): string {
  const at = Math.max(0, time).toString(16).padStart(12, "0").slice(-12);
  return `${at.slice(0, 8)}-${at.slice(8)}`;
}
