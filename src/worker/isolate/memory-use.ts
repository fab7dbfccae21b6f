import { readFileSync } from "node:fs";

export interface MemoryUse {
  /** Bytes in physical memory. */
  resident: number;
  /** Bytes of private writable memory that are mapped, touched or not. */
  mapped: number;
}

/** `null` when the process has ended, or where the operating system does not show it. */
export function memoryUse(pid: number): MemoryUse | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)![1]);
    return { resident: kib("VmRSS") * 1024, mapped: kib("VmData") * 1024 };
  } catch {
    return null;
  }
}
