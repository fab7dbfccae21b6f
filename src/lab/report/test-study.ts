import { dueTimes, type Stage } from "../load/arrivals.ts";
import type { Architecture, CellRecord, LabRecord, Loop, Outcome, RequestRecord } from "../records.ts";
import { seededRandom } from "../statistics.ts";

/** A small study with records from a simulated queue, so that the report's content is known. */
export interface SimulatedCell {
  architecture: Architecture;
  variant?: string | null;
  workload?: string;
  workers: number;
  users: number;
  loop?: Loop;
  round?: number;
  /** Requests/s of an open loop. */
  rate?: number;
}

const DEADLINE_MS = 60_000;
const SERVICE_MS = 13_000;
const SAMPLE_MS = 2_000;
/** Length of an open loop. */
const SECONDS = 300;

export const simulatedRun: LabRecord = {
  type: "run",
  at: "2030-01-02T03:04:05.000Z",
  machine: { processor: "a processor", cores: 2, memoryMiB: 8_192, system: "Linux 6" },
  commit: "0123456789ab",
  versions: { node: "24.0.0", postgresql: "15" },
  seed: 1,
  options: {},
};

/** Records of a cell. With a queue, requests wait for a worker. Without one, they share the CPU. */
export function simulatedCell(given: SimulatedCell): LabRecord[] {
  const {
    architecture,
    variant = null,
    workload = "document.ocr",
    workers,
    users,
    loop = "poll",
    round = 1,
  } = given;
  const name = [architecture, variant, workload, workers, users, loop, given.rate ?? 0, round].join("/");
  const cell: CellRecord = {
    type: "cell",
    cell: name,
    at: "2030-01-02T03:04:06.000Z",
    architecture,
    variant,
    workload,
    workers,
    users: given.rate === undefined ? users : 0,
    round,
    loop,
    profile: null,
    ratePerSecond: given.rate ?? null,
    deadlineMs: DEADLINE_MS,
    warmUpMs: 0,
  };
  const stages: Stage[] = [{ ms: SECONDS * 1_000, from: 1, to: 1 }];
  const due =
    given.rate === undefined
      ? Array.from({ length: users }, () => 0)
      : [...dueTimes(stages, { perUser: given.rate, seed: round, spacing: "random" })];
  const isQueued = architecture >= "V3";
  const requests = isQueued ? queuedRequests(name, due, workers, round) : sharedRequests(name, due);
  const samples = samplesOf(name, requests, workers, isQueued);
  const idle = Array.from({ length: 50 }, (_, n): LabRecord => {
    return { type: "idle", cell: name, atMs: n * 100, ms: isQueued ? 2 + (n % 5) : 40 + n * 10, ok: true };
  });
  const holds = architecture !== "V2";
  const checks = [{ name: "littles-law", holds, detail: "simulated", values: { worst: holds ? 0.01 : 0.2 } }];
  return [cell, ...requests, ...samples, ...idle, { type: "end", cell: name, atMs: 120_000, checks }];
}

/** First come, first served. */
function queuedRequests(
  cell: string,
  due: readonly number[],
  workers: number,
  round: number,
): RequestRecord[] {
  const random = seededRandom(round * 100 + workers);
  const free = Array.from({ length: workers }, () => 0);
  return due.map((dueMs, n) => {
    const at = free.indexOf(Math.min(...free));
    const startedMs = Math.max(free[at]!, dueMs + 5);
    const endedMs = startedMs + SERVICE_MS * (0.95 + 0.1 * random());
    free[at] = endedMs;
    const outcome = endedMs - dueMs <= DEADLINE_MS ? "ok" : "timed-out";
    return request(cell, n, {
      dueMs,
      acceptedMs: dueMs + 3,
      startedMs,
      endedMs,
      seenMs: endedMs + 200,
      outcome,
    });
  });
}

/** All at once on one core, so that none is in time. */
function sharedRequests(cell: string, due: readonly number[]): RequestRecord[] {
  return due.map((dueMs, n) =>
    request(cell, n, { dueMs, seenMs: dueMs + DEADLINE_MS, outcome: "timed-out" }),
  );
}

function request(
  cell: string,
  n: number,
  given: Partial<RequestRecord> & { outcome: Outcome },
): RequestRecord {
  return {
    type: "request",
    cell,
    id: String(n),
    scenario: null,
    dueMs: 0,
    sentMs: (given.dueMs ?? 0) + 0.5,
    acceptedMs: null,
    startedMs: null,
    endedMs: null,
    seenMs: 0,
    status: 200,
    detail: null,
    ...given,
  };
}

function samplesOf(cell: string, requests: readonly RequestRecord[], workers: number, isQueued: boolean) {
  return Array.from({ length: 40 }, (_, n): LabRecord => {
    const atMs = n * SAMPLE_MS;
    const ready = requests.filter(
      ({ dueMs, startedMs }) => dueMs <= atMs && (startedMs ?? DEADLINE_MS) > atMs,
    ).length;
    const running = requests.filter(
      ({ startedMs, endedMs }) => startedMs !== null && startedMs <= atMs && endedMs! > atMs,
    ).length;
    const processes = [{ role: "worker", pid: 100, rssMiB: 100 + n, cpuMs: n * SAMPLE_MS }];
    const from = isQueued ? "store" : "server";
    return { type: "sample", cell, atMs, ready, running, consumers: workers, from, processes };
  });
}
