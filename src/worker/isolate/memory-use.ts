import { readFileSync } from "node:fs";
import { childrenOf } from "./process-tree.ts";

export interface MemoryUse {
  /** Bytes in physical memory. */
  resident: number;
  /** Bytes of private writable memory that the process has mapped, touched or not. */
  mapped: number;
}

/** Memory use of the process itself; `null` if it has ended, or if the operating system does not expose it. */
export function memoryUse(pid: number): MemoryUse | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const bytes = (name: string) => {
      const at = status.indexOf(`\n${name}:`);
      return Number.parseInt(status.slice(at + name.length + 2, at + name.length + 24), 10) * 1024;
    };
    const [resident, mapped] = [bytes("VmRSS"), bytes("VmData")];
    return Number.isNaN(resident + mapped) ? null : { resident, mapped };
  } catch {
    return null;
  }
}

/** Physical memory used by a process's descendants, in bytes. Takes ten times as long as `memoryUse`. */
export function programsResident(pid: number): number {
  return childrenOf(pid).reduce(
    (sum, child) => sum + (memoryUse(child)?.resident ?? 0) + programsResident(child),
    0,
  );
}
