import { MillraceError } from "../errors.ts";
import type { Step } from "../pipeline/step.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { StepTime } from "./step-time.ts";

const MIB = 1024 * 1024;
/** What Node and its libraries use of a step process's memory limit. */
const PROCESS_MIB = 100;

/** One attempt's share of the machine's memory. */
export interface MemoryShare {
  reserve(bytes: number): Promise<void>;
  release(): void;
}

/** @param time paused while the attempt waits */
export function memoryShare(
  budget: SharedMemory,
  step: Step,
  signal: AbortSignal,
  time: Pick<StepTime, "pause" | "resume">,
): MemoryShare {
  let giveBack = () => {};
  return {
    async reserve(bytes) {
      if (!(bytes >= 0))
        throw new TypeError(`reserveMemory(${bytes}): the number of bytes must be 0 or more.`);
      // Released before waiting: attempts that hold memory while they wait for more would deadlock.
      giveBack();
      checkFits(bytes, budget, step);
      time.pause();
      try {
        giveBack = await budget.take(bytes, signal);
      } finally {
        time.resume();
      }
    },
    release: () => giveBack(),
  };
}

function checkFits(bytes: number, budget: SharedMemory, { name, isolate }: Step): void {
  const needs = `The step ${name} needs about ${mib(bytes)} MiB of memory for this file`;
  if (isolate && bytes > (isolate.memoryMiB - PROCESS_MIB) * MIB) {
    throw tooMuch(
      `${needs}, but its process of ${isolate.memoryMiB} MiB has only ${isolate.memoryMiB - PROCESS_MIB} MiB for it. Send a smaller file, or raise isolate.memoryMiB of the step.`,
    );
  }
  if (bytes > budget.bytes) {
    throw tooMuch(
      `${needs}, but all steps on this machine together may use only ${mib(budget.bytes)} MiB. Send a smaller file, or raise MILLRACE_MEMORY_MIB.`,
    );
  }
}

function tooMuch(message: string): MillraceError {
  return new MillraceError("too_much_memory", message);
}

function mib(bytes: number): string {
  return Math.round(bytes / MIB).toLocaleString("en-US");
}
