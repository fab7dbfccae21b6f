import { readFileSync } from "node:fs";
import { childrenOf } from "./process-tree.ts";

/** What Linux counts in, whatever its own clock is. */
const TICK_MS = 10;

/**
 * Milliseconds of processor time that a process and the programs it started have used, those that have ended
 * included. `null` when the process has ended, or where the operating system does not show it.
 */
export function processorMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // utime, stime, cutime and cstime; the name before them may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return childrenOf(pid).reduce((sum, child) => sum + (processorMs(child) ?? 0), ticks * TICK_MS);
  } catch {
    return null;
  }
}
