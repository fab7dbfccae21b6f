import { randomUUID } from "node:crypto";
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
