import { readFileSync } from "node:fs";

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

/** Samples memory every 50 ms while `work` runs. */
export async function peakMiB<T>(pid: number, work: () => Promise<T>): Promise<{ value: T; peak: number }> {
  let peak = residentMiB(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid));
  }, 50);
  try {
    return { value: await work(), peak };
  } finally {
    clearInterval(timer);
  }
}
