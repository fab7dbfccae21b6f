import { readdirSync, readFileSync } from "node:fs";

export interface MemoryUse {
  /** Bytes in physical memory, with those of the programs that the process started. */
  resident: number;
  /** Bytes of private writable memory that the process itself has mapped, touched or not. */
  mapped: number;
}

/** `null` when the process has ended, or where the operating system does not show it. */
export function memoryUse(pid: number): MemoryUse | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)![1]) * 1024;
    const started = childrenOf(pid).map((child) => memoryUse(child)?.resident ?? 0);
    return { resident: started.reduce((sum, one) => sum + one, bytes("VmRSS")), mapped: bytes("VmData") };
  } catch {
    return null;
  }
}

/** Each thread has its own. */
function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1"));
    return lists.flatMap((list) =>
      list
        .split(" ")
        .filter((text) => text !== "")
        .map(Number),
    );
  } catch {
    // It has ended, or the kernel does not list them.
    return [];
  }
}
