import type { DeadLetter, Queue, WorkerView } from "./types.ts";

/** JSON of the operator console, beyond single tasks and queues. Times are ISO 8601. */

export interface OperatorJob {
  id: string;
  owner: string;
  pipeline: string;
  pipelineVersion: number;
  state: string;
  priority: number;
  metadata: Record<string, string>;
  run: number;
  progress: { total: number; done: number; failed: number; cached: number; fraction: number };
  error: { code: string; message: string; detail?: string } | null;
  /** Name of the first item. */
  name: string | null;
  createdAt: string;
  startAt: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  expiresAt: string | null;
}

/** A job must match every field that is set. */
export interface OperatorJobFilter {
  /** Text to find in metadata, error messages or item names, or an id. */
  q?: string;
  owner?: string;
  pipeline?: string;
  /** One or more states, separated by commas. */
  state?: string;
  from?: string;
  to?: string;
  /** Error code of the job or of one of its dead letters. */
  code?: string;
  error?: string;
  file?: string;
  /** `key=value` */
  metadata?: string;
  limit?: number;
  cursor?: string | null;
}

export interface OperatorJobPage {
  items: OperatorJob[];
  nextCursor: string | null;
  /** The search hit its time limit. Pass `nextCursor` to continue. */
  cut: boolean;
  searchedBackTo: string | null;
}

export interface DeadLetterGroup {
  queue: string;
  pipeline: string;
  step: string;
  code: string;
  /** What the errors have in common. */
  group: string;
  count: number;
  firstAt: string;
  lastAt: string;
  sample: DeadLetter | null;
}

export interface Overview {
  jobs: { queued: number; running: number };
  tasks: { ready: number; running: number; scheduled: number; dead: number };
  oldestSeconds: number | null;
  perSecond: number;
  workers: { count: number; draining: number; running: number; concurrency: number };
  queues: { count: number; paused: string[]; unserved: string[] };
  /** Endpoints whose last attempt failed, and endpoints disabled after repeated failures. */
  webhooks: { failing: number; disabled: number };
  recent: {
    minutes: number;
    waitP50Ms: number | null;
    waitP95Ms: number | null;
    runP50Ms: number | null;
    runP95Ms: number | null;
    failures: number;
    failuresByCode: { code: string; count: number }[];
  };
}

export type HistorySeries =
  | "throughput"
  | "waiting"
  | "oldestSeconds"
  | "waitP50Ms"
  | "waitP95Ms"
  | "runP50Ms"
  | "runP95Ms"
  | "failures";

export interface History {
  /** `null` means all queues. */
  queue: string | null;
  from: string;
  to: string;
  stepSeconds: number;
  times: string[];
  /** One value for each entry of `times`. */
  series: Partial<Record<HistorySeries, (number | null)[]>>;
  failuresByCode: { code: string; count: number; values: number[] }[];
}

export interface HistoryFilter {
  /** Comma-separated: throughput, waiting, oldest, wait, run, failures. @default all */
  metric?: string;
  queue?: string;
  /** @default an hour ago */
  from?: string;
  /** @default now */
  to?: string;
}

export interface OperationFilter {
  owner?: string;
  pipeline?: string;
  code?: string;
  from?: string;
  to?: string;
  /** For dead letters. */
  queue?: string;
  group?: string;
  jobId?: string;
  /** For jobs. */
  states?: string[];
  error?: string;
  file?: string;
  metadata?: { key: string; value: string };
  text?: string;
}

export interface NewOperation {
  target: "dead-letters" | "jobs";
  filter: OperationFilter;
  /** Dead letters support only `replay`. */
  action: "replay" | "cancel" | "delete";
  /** A JSON merge patch of the options. The failed items then run in new jobs. */
  options?: Record<string, unknown> | null;
  /** Only counts, until you start it. @default false */
  dryRun?: boolean;
  /** How many to run first, before the rest. @default 1 */
  canary?: number;
  /** @default 20 */
  perSecond?: number;
  /** Stops after this many have failed again. 0 means never. @default 3 */
  stopAfter?: number;
  most?: number | null;
}

export interface Operation extends Required<Omit<NewOperation, "filter">> {
  id: string;
  filter: OperationFilter;
  state: "counting" | "counted" | "canary" | "running" | "done" | "stopped" | "failed";
  reason: string | null;
  matched: number;
  done: number;
  skipped: number;
  skippedBy: Record<string, number>;
  returned: number;
  watching: number;
  fraction: number;
  samples: string[];
  createdBy: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  actorName: string;
  via: string;
  address: string | null;
  action: string;
  method: string;
  path: string;
  target: Record<string, string>;
  detail: Record<string, unknown>;
  /** `null` if the process exited before the call finished. */
  status: number | null;
  ms: number | null;
}

export interface ReplicaView {
  process: string;
  host: string;
  pid: number;
  isThis: boolean;
  maps: { name: string; version: number; behind: number; entries: number; ageSeconds: number | null }[];
}

/** A view that changed, in full. */
export type ConsoleEvent =
  | { type: "overview"; data: Overview }
  | { type: "queues"; data: { items: Queue[] } }
  | { type: "workers"; data: { items: WorkerView[] } }
  | { type: "operations"; data: { items: Operation[] } };
