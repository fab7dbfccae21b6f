import { readFileSync } from "node:fs";
import { childrenOf } from "./process-tree.ts";

/** Linux reports CPU time in these units, whatever its own clock is. */
const TICK_MS = 10;

/**
 * CPU time used by a process and the programs it started, including those that have ended, ms. `null` if the process
 * has ended, or if the operating system does not expose it.
 */
export function processorMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // utime, stime, cutime and cstime; the name before them may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return childrenOf(pid).reduce((sum, child) => sum + (processorMs(child) ?? 0), ticks * TICK_MS);
  } catch {
    return null;
  }
}
