import { memoryUse, programsResident } from "../../worker/isolate/memory-use.ts";
import { processorMs } from "../../worker/isolate/processor-time.ts";
import type { Held, Installation } from "../architectures/architecture.ts";
import { pause } from "../load/pause.ts";
import type { SampleRecord } from "../records.ts";

const SAMPLE_MS = 250;
const MIB = 2 ** 20;

export interface Sampling {
  cell: string;
  installation: Pick<Installation, "held" | "processes">;
  /** `performance.now()` at the start of the cell. */
  beganAt: number;
  write(record: SampleRecord): void;
  signal: AbortSignal;
}

/** Samples the system's contents and its processes' resource usage until the signal is aborted. */
export async function sample({ cell, installation, beganAt, write, signal }: Sampling): Promise<void> {
  const now = () => performance.now() - beganAt;
  for (let due = now(); !signal.aborted; due = Math.max(due + SAMPLE_MS, now())) {
    await pause(due - now(), signal);
    const askedMs = now();
    // If the system does not respond, there is no sample, and the report shows a gap.
    const places: Held[] = await installation.held().catch(() => []);
    if (signal.aborted) return;
    // The midpoint is the best estimate of when the numbers were true.
    const atMs = (askedMs + now()) / 2;
    const processes = installation.processes.map(use);
    for (const [index, held] of places.entries())
      write({ type: "sample", cell, atMs, ...held, processes: index === 0 ? processes : [] });
  }
}

/** Includes child processes. Zero if the operating system does not report it. */
function use({ role, pid }: { role: string; pid: number }): SampleRecord["processes"][number] {
  const resident = (memoryUse(pid)?.resident ?? 0) + programsResident(pid);
  return { role, pid, rssMiB: resident / MIB, cpuMs: processorMs(pid) ?? 0 };
}
