import type { JobSearch } from "./job-search.ts";
import type { Json } from "./records.ts";

/** Bulk actions of an operator on everything that a filter matches. Any process may carry them on. */

export const operationActions = ["replay", "cancel", "delete"] as const;
export type OperationAction = (typeof operationActions)[number];

/**
 * - `counting`: counting the matches
 * - `counted`: a dry run ends here, until it is started
 * - `canary`: the first ones run, and the rest wait for their outcome
 * - `running`: at its rate
 * - `done`: nothing is left
 * - `stopped`: by an operator, or because the same error came back
 * - `failed`: it cannot continue
 */
export const operationStates = [
  "counting",
  "counted",
  "canary",
  "running",
  "done",
  "stopped",
  "failed",
] as const;
export type OperationState = (typeof operationStates)[number];

/** Selects dead letters; all given conditions must match. */
export interface DeadLetterFilter {
  queue?: string | undefined;
  pipeline?: string | undefined;
  owner?: string | undefined;
  code?: string | undefined;
  /** See `errorGroup`. */
  group?: string | undefined;
  /** Part of the error's code or of its group, ignoring case. Numbers match as in groups. */
  text?: string | undefined;
  jobId?: string | undefined;
  /** The job was created at or after this time, ms since the epoch. */
  from?: number | undefined;
  /** The job was created before this time. */
  to?: number | undefined;
}

/** `dead-letters` are replayed one task at a time; `jobs` are acted on as a whole. */
export type OperationTarget =
  | { target: "dead-letters"; filter: DeadLetterFilter }
  | { target: "jobs"; filter: JobSearch };

/** An action that was begun. After a crash, these are checked first. */
export interface Begun {
  /** Id of a task or a job. */
  id: string;
  /** The task's generation before the action; 0 for a job. */
  generation: number;
  /** Code of its error. */
  code: string;
}

export type OperationRecord = OperationTarget & {
  id: string;
  action: OperationAction;
  /** For a replay: a JSON merge patch of the jobs' options. Such a replay creates new jobs. */
  options: { [name: string]: Json } | null;
  /** Counts the matches, then waits to be started. */
  dryRun: boolean;
  /** How many run first; 0: all at once. Only for replays. */
  canary: number;
  perSecond: number;
  /** A replay stops once this many of its tasks have died of their original error; 0: never. */
  stopAfter: number;
  /** Most matches to act on. */
  most: number | null;
  state: OperationState;
  /** Why it ended in this state. */
  reason: string | null;
  /** The number found so far while counting, then the total. */
  matched: number;
  done: number;
  /** Matches that could not be acted on: someone else did, or it is no longer possible. */
  skipped: number;
  /** Replayed tasks that died again of their original error. */
  returned: number;
  /** Skipped matches by the code of the reason. */
  skippedBy: { [code: string]: number };
  /** The first matches. */
  samples: string[];
  /** Where it continues. */
  cursor: string | null;
  /** Nothing is left to begin. */
  isExhausted: boolean;
  /** The last actions begun, which may not be counted yet. */
  batch: Begun[];
  /** Replayed tasks whose outcome is awaited. */
  watched: Begun[];
  createdBy: string;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
};

export function isOpenOperation({ state }: Pick<OperationRecord, "state">): boolean {
  return state === "counting" || state === "canary" || state === "running";
}

/** Applies a JSON merge patch (RFC 7396): `null` removes a member. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: { [name: string]: Json } = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name] ?? null, value);
  }
  return merged;
}

/** A merge patch that turns `from` into `to`. No member of `to` may be `null`. */
export function patchBetween(from: Json, to: Json): Json {
  if (!isObject(from) || !isObject(to)) return to;
  const gone = Object.keys(from).filter((name) => !(name in to));
  const changed = Object.entries(to).map(([name, value]) => [name, patchBetween(from[name] ?? null, value)]);
  return Object.fromEntries([...gone.map((name) => [name, null]), ...changed]);
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
