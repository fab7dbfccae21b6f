import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Installation, Services } from "../architectures/architecture.ts";
import { littlesLaw } from "../checks/littles-law.ts";
import { type Limits, predictedPerSecond, saturation } from "../checks/saturation.ts";
import { dueTimes } from "../load/arrivals.ts";
import { closedLoop } from "../load/closed-loop.ts";
import { exchange, type Load } from "../load/exchange.ts";
import { probeIdle } from "../load/idle-probe.ts";
import { allAtOnce, openLoop } from "../load/open-loop.ts";
import { pause } from "../load/pause.ts";
import type { CellRecord, Check, LabRecord, RequestRecord, SampleRecord } from "../records.ts";
import type { WorkFile, WorkloadName, WorkSettings } from "../workloads/workload.ts";
import { type Calibration, patienceFor } from "./calibrate.ts";
import { type PlannedCell, WARM_UP_SECONDS } from "./plan.ts";
import { sample } from "./sampling.ts";
import { type StudyTarget, studyTarget } from "./target.ts";

/** What the cells of a workload share. */
export interface Workbench {
  settings: WorkSettings;
  file: WorkFile;
  calibration: Calibration;
  services: Services;
  /** Length of a closed or open loop, without warm-up. */
  seconds: number;
  seed: number;
}

const IDLE_EVERY_MS = 100;
const SETTLE_MS = 60_000;
const MS_PER_SECOND = 1_000;

/** Resource that the work needs. */
export const needs: Record<WorkloadName, Limits["needs"]> = {
  "document.ocr": "core",
  sleep: "nothing",
  spin: "core",
  exclusive: "device",
  "image.convert": "core",
};

/**
 * Measures one cell: starts the architecture without data, warms it up, runs the load, and stops it.
 * @param id unique within the file
 */
export async function measure(
  id: string,
  planned: PlannedCell,
  bench: Workbench,
  write: (record: LabRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-study-"));
  const name = `study${process.pid}x${Date.now().toString(36)}`;
  try {
    const { settings: work, services } = bench;
    const installation = await planned.subject.start({
      work,
      workers: planned.workers,
      services,
      name,
      folder,
    });
    const { expected, polls } = { expected: bench.calibration.result, polls: planned.loop === "poll" };
    const target = studyTarget(installation, bench.file, { expected, polls });
    try {
      await warmUp(planned, bench, installation, target, signal);
      if (!signal.aborted) await record(id, planned, bench, installation, target, write, signal);
    } finally {
      await target.close();
      await installation.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function record(
  id: string,
  planned: PlannedCell,
  bench: Workbench,
  installation: Installation,
  target: StudyTarget,
  write: (record: LabRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const cell = cellRecord(id, planned, bench);
  const [requests, samples]: [RequestRecord[], SampleRecord[]] = [[], []];
  const beganAt = performance.now();
  write(cell);
  const watching = new AbortController();
  const common = { cell: id, beganAt };
  const watched = [
    sample({
      ...{ ...common, installation, signal: watching.signal },
      write(one) {
        write(one);
        samples.push(one);
      },
    }),
    probeIdle({ ...common, ask: target.idle, everyMs: IDLE_EVERY_MS, write, signal: watching.signal }),
  ];
  const load: Load = {
    ...{ ...common, target, signal, deadlineMs: cell.deadlineMs },
    ...patience(planned, bench),
    write(one) {
      write(one);
      requests.push(one);
    },
  };
  try {
    await drive(planned, bench, load);
  } finally {
    watching.abort();
    await Promise.all(watched);
  }
  if (signal.aborted) return;
  const checks = checksOf(cell, planned, bench, requests, samples);
  write({ type: "end", cell: id, atMs: performance.now() - beganAt, checks });
}

function cellRecord(id: string, planned: PlannedCell, bench: Workbench): CellRecord {
  const { subject, workload, workers, users, round, loop } = planned;
  const { deadlineMs } = patienceFor(bench.calibration.serviceMs);
  const { patienceMs = 0 } = patience(planned, bench);
  return {
    ...{ type: "cell", cell: id, at: new Date().toISOString() },
    ...{ architecture: subject.architecture, variant: subject.variant },
    ...{ workload, workers, users, round, loop, profile: null, ratePerSecond: offered(planned, bench) },
    // A closed loop measures capacity, so its users wait as long as it takes.
    deadlineMs: loop === "closed" ? patienceMs : deadlineMs,
    warmUpMs: loop === "poll" ? 0 : WARM_UP_SECONDS * MS_PER_SECOND,
  };
}

function patience({ loop, users }: PlannedCell, { calibration }: Workbench) {
  const { pollMs, giveUpMs } = patienceFor(calibration.serviceMs);
  if (loop === "poll") return { lookEveryMs: pollMs, patienceMs: giveUpMs };
  if (loop === "closed") return { patienceMs: 3 * users * calibration.serviceMs + 10_000 };
  return { patienceMs: giveUpMs };
}

/** Rate of an open loop: a fraction of the predicted capacity of that many workers. */
function offered({ subject, workload, workers, rate }: PlannedCell, bench: Workbench): number | null {
  if (rate === null) return null;
  // Unlimited architectures get the same load as the others.
  const slots = subject.hasWorkers ? workers : Math.min(subject.slots(workers), workers);
  return rate * predictedPerSecond({ ...limitsOf(workload, bench), slots, users: Number.POSITIVE_INFINITY });
}

function limitsOf(workload: WorkloadName, { calibration }: Workbench) {
  const { serviceMs } = calibration;
  return { serviceMs, needs: needs[workload], cores: availableParallelism() };
}

async function drive(planned: PlannedCell, bench: Workbench, load: Load): Promise<void> {
  const { loop, users } = planned;
  const ms = (WARM_UP_SECONDS + bench.seconds) * MS_PER_SECOND;
  if (loop === "poll") return openLoop(load, allAtOnce(users));
  const stages = [{ ms, from: users, to: users }];
  if (loop === "closed") return closedLoop(load, { stages, thinkMs: 0, scenario: () => null });
  const perUser = offered(planned, bench)!;
  const times = dueTimes([{ ms, from: 1, to: 1 }], { perUser, seed: bench.seed, spacing: "random" });
  const arrivals = times.map((dueMs, index) => ({ id: String(index + 1), scenario: null, dueMs }));
  return openLoop(load, arrivals);
}

/** Sends as many requests as can run at once, so that every process has loaded what it needs. */
async function warmUp(
  { subject, workers, key }: PlannedCell,
  { calibration }: Workbench,
  installation: Installation,
  target: StudyTarget,
  signal: AbortSignal,
): Promise<void> {
  const slots = subject.slots(workers);
  const count = Number.isFinite(slots) ? slots : workers;
  const patienceMs = SETTLE_MS + 2 * count * calibration.serviceMs;
  const load: Load = {
    ...{ cell: key, target, beganAt: performance.now(), deadlineMs: patienceMs, signal },
    write({ outcome, detail }) {
      if (outcome !== "ok") throw new Error(`${key}: a warm-up request ended as ${outcome}: ${detail}`);
    },
  };
  const dues = Array.from({ length: count }, (_, n) => ({ id: `warm-${n}`, scenario: null, dueMs: 0 }));
  await Promise.all(dues.map((due) => exchange(load, due)));
  for (const deadline = performance.now() + SETTLE_MS; !signal.aborted; ) {
    const [held] = await installation.held();
    if ((held?.ready ?? 0) + (held?.running ?? 0) === 0) return;
    if (performance.now() > deadline) throw new Error(`${key}: requests were still open after the warm-up`);
    await pause(50, signal);
  }
}

function checksOf(
  cell: CellRecord,
  { subject, workload, workers, users }: PlannedCell,
  bench: Workbench,
  requests: readonly RequestRecord[],
  samples: readonly SampleRecord[],
): Check[] {
  const limits = { ...limitsOf(workload, bench), slots: subject.slots(workers), users };
  return [littlesLaw(cell, requests, samples), saturation(cell, requests, limits)].filter(
    (check) => check !== null,
  );
}
