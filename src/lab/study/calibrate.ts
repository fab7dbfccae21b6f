import { startProgram } from "../architectures/child.ts";
import { sendFile } from "../architectures/http.ts";
import type { Worked, WorkFile, WorkSettings } from "../workloads/workload.ts";

/** Measurement of a single request without load on this machine. */
export interface Calibration {
  serviceMs: number;
  /** The expected result of every request. */
  result: string;
}

const ROUNDS = 3;

/** Does the work in a separate process, as later. The first time is a warm-up. */
export async function calibrate(settings: WorkSettings, file: WorkFile): Promise<Calibration> {
  const service = await startProgram(
    new URL("../architectures/service-process.ts", import.meta.url),
    settings,
  );
  try {
    const worked: Worked[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const answer = await sendFile(`${service.url}/work`, file);
      if (!answer.ok) throw new Error(`${settings.workload} failed on ${file.name}: ${await answer.text()}`);
      worked.push((await answer.json()) as Worked);
    }
    const [{ result } = { result: "" }] = worked;
    if (worked.some((one) => one.result !== result))
      throw new Error(
        `${settings.workload} returned different results for ${file.name}, so no result can be verified.`,
      );
    const times = worked.slice(1).map(({ startedAt, endedAt }) => endedAt - startedAt);
    return { serviceMs: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!, result };
  } finally {
    await service.stop();
  }
}

/** Approximate duration of the original's work: 4 of 16 with one worker in 60 s means 12 to 15 s each. */
const ORIGINAL_SERVICE_MS = 13_333;
const ORIGINAL = { deadlineMs: 60_000, pollMs: 1_000, giveUpMs: 70_000 };
/** Faster polling would be a load in itself. */
const SHORTEST_POLL_MS = 100;

export interface Patience {
  deadlineMs: number;
  pollMs: number;
  giveUpMs: number;
}

/** The original's limits, scaled to a workload. */
export function patienceFor(serviceMs: number): Patience {
  const scale = serviceMs / ORIGINAL_SERVICE_MS;
  return {
    deadlineMs: Math.round(ORIGINAL.deadlineMs * scale),
    pollMs: Math.max(SHORTEST_POLL_MS, Math.round(ORIGINAL.pollMs * scale)),
    giveUpMs: Math.round(ORIGINAL.giveUpMs * scale),
  };
}
