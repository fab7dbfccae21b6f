/**
 * Records of a study or a load test: NDJSON in chronological order. Reports compute every number from these lines.
 *
 * Times named `…Ms` are milliseconds since the cell began, with fractions, on one clock (`performance.now()` of the
 * load generator). Times of other processes on this machine are converted to that clock.
 */

/** The seven architectures of the study, by the original's names. A load test against a URL has none. */
export const architectures = ["V0", "V1", "V2", "V3", "V4", "V5", "V6"] as const;
export type Architecture = (typeof architectures)[number];

/**
 * How requests arrive.
 * - `open`: on a schedule, whether or not earlier ones were answered. Latency counts from when a request was due.
 * - `closed`: each of N users sends the next request after the previous response.
 * - `poll`: the original's profile. N users send one request at the same time, then poll once a second for up to 70 s.
 */
export type Loop = "open" | "closed" | "poll";

/**
 * How a request ended, as its client saw it.
 * - `ok`: the right result within the deadline.
 * - `refused`: the service rejected it (429, 503, a refused connection).
 * - `timed-out`: no result within the deadline.
 * - `lost`: it was accepted, but the service no longer knows the job.
 * - `wrong`: a wrong result.
 * - `error`: anything else, such as a 500, a failed job or a broken connection.
 */
export const outcomes = ["ok", "refused", "timed-out", "lost", "wrong", "error"] as const;
export type Outcome = (typeof outcomes)[number];

/** First line of a file. Repeated whenever a run resumes. */
export interface RunRecord {
  type: "run";
  /** ISO 8601, UTC. */
  at: string;
  machine: { processor: string; cores: number; memoryMiB: number; system: string };
  /** Commit of the checkout, with `-dirty` if files were modified. `null` for an installed package. */
  commit: string | null;
  /** Versions by program: `node`, `millrace`, `postgresql`, `tesseract` … */
  versions: Record<string, string>;
  seed: number;
  options: Record<string, unknown>;
}

/** An architecture that could not be measured, for example because its broker does not run. */
export interface LeftOutRecord {
  type: "left-out";
  architecture: Architecture;
  variant: string | null;
  why: string;
}

/** Start of a cell: one run of one architecture under one load. */
export interface CellRecord {
  type: "cell";
  /** Unique within the file. A cell without an `end` was interrupted and is ignored. */
  cell: string;
  /** Wall-clock time of the cell's time zero, ISO 8601, UTC. */
  at: string;
  architecture: Architecture | null;
  /** Distinguishes variants of an architecture, such as `pool 10, queue 25`. `null` if there is only one. */
  variant: string | null;
  /** `document.ocr`, `sleep`, `spin`, `exclusive`, `image.convert`, or the scenario of a load test. */
  workload: string;
  workers: number;
  /** Virtual users. In an open loop, their maximum, or 0 if only a rate was specified. */
  users: number;
  /** 1-based. Rounds of the same cell are compared with each other. */
  round: number;
  loop: Loop;
  /** `ramp`, `spike`, `soak`, `mixed`. `null` for a constant load. */
  profile: string | null;
  /** Requests/s of a constant open loop. Otherwise `null`: see the requests' due times. */
  ratePerSecond: number | null;
  deadlineMs: number;
  /** Requests due before this time warm up the system and do not count. */
  warmUpMs: number;
}

/** One request, written when its client knows the outcome. */
export interface RequestRecord {
  type: "request";
  cell: string;
  /** Unique within the cell. */
  id: string;
  /** Scenario, if the load mixes several. Otherwise `null`. */
  scenario: string | null;
  /** When it should have been sent. */
  dueMs: number;
  /** `null` if it was never sent. */
  sentMs: number | null;
  /** When the client got the `202`. `null` if there was none (refused, or the response is the result). */
  acceptedMs: number | null;
  /** When a worker started and ended. `null` if the service does not say. */
  startedMs: number | null;
  endedMs: number | null;
  /** When the client learned the outcome. Total time is `seenMs - dueMs`. */
  seenMs: number;
  outcome: Outcome;
  /** The last HTTP status. `null` if there was no response. */
  status: number | null;
  /** Short description of the failure. `null` if there was none. */
  detail: string | null;
}

/** Contents of the system, several times a second, one record per source. */
export interface SampleRecord {
  type: "sample";
  cell: string;
  atMs: number;
  /** Waiting requests, running requests, and available workers. `null` if the source does not know. */
  ready: number | null;
  running: number | null;
  consumers: number | null;
  from: "store" | "broker" | "server";
  /** `cpuMs` is user and system time since the process started. */
  processes: { role: string; pid: number; rssMiB: number; cpuMs: number }[];
}

/** One call to an endpoint that does nothing, made while the system is under load. */
export interface IdleRecord {
  type: "idle";
  cell: string;
  atMs: number;
  ms: number;
  /** Whether there was a response. `ms` is the time until the response or the failure. */
  ok: boolean;
}

/** A verification of a measurement. The report marks cells with a failed check. */
export interface Check {
  /** `littles-law` and others, shown as is in the report. */
  name: string;
  holds: boolean;
  /** What was compared, in words and numbers. */
  detail: string;
  values: Record<string, number>;
}

/** The cell is complete. */
export interface EndRecord {
  type: "end";
  cell: string;
  atMs: number;
  checks: Check[];
}

export type LabRecord =
  | RunRecord
  | LeftOutRecord
  | CellRecord
  | RequestRecord
  | SampleRecord
  | IdleRecord
  | EndRecord;
