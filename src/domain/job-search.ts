import { timeOfId } from "./ids.ts";
import type { JobRecord } from "./records.ts";
import type { JobState } from "./states.ts";

/** An operator's search over the jobs of all owners. All given conditions must match. */
export interface JobSearch {
  owner?: string | undefined;
  pipeline?: string | undefined;
  states?: readonly JobState[] | undefined;
  /** Created at or after this time, ms since the epoch. */
  from?: number | undefined;
  /** Created before this time. */
  to?: number | undefined;
  /** Code of the job's error, or of one of its dead letters. */
  code?: string | undefined;
  /** Part of the text of such an error, ignoring case. */
  error?: string | undefined;
  /** Part of the name of one of its first `SEARCHED_ITEMS` items. */
  file?: string | undefined;
  metadata?: { key: string; value: string } | undefined;
  /** Part of its metadata, of an error's text or of an item's name; or the start of its id. */
  text?: string | undefined;
}

/** Items of a job whose names a search reads. */
export const SEARCHED_ITEMS = 1_000;

/** Searches the items of a job. */
export interface FoundInItems {
  /** Whether an item's name contains the text. */
  file(text: string): boolean;
  /** Whether a dead letter's error text contains the text. */
  error(text: string): boolean;
  /** Whether a dead letter's error has the code. */
  code(code: string): boolean;
}

/** Whether a job matches a search. Checks items last, because reading them costs most. */
export function matchesSearch(job: JobRecord, search: JobSearch, items: FoundInItems): boolean {
  const { owner, pipeline, states, from, to, code, error, file, metadata, text } = search;
  if (owner !== undefined && job.owner !== owner) return false;
  if (pipeline !== undefined && job.pipeline !== pipeline) return false;
  if (states !== undefined && !states.includes(job.state)) return false;
  const createdAt = timeOfId(job.id);
  if (from !== undefined && createdAt < from) return false;
  if (to !== undefined && createdAt >= to) return false;
  if (metadata !== undefined && job.metadata[metadata.key] !== metadata.value) return false;
  if (code !== undefined && job.error?.code !== code && !items.code(code)) return false;
  if (error !== undefined && !contains(errorText(job), error) && !items.error(error)) return false;
  if (file !== undefined && !items.file(file)) return false;
  return text === undefined || holdsText(job, text, items);
}

function holdsText(job: JobRecord, text: string, items: FoundInItems): boolean {
  if (job.id.startsWith(text.toLowerCase())) return true;
  if (Object.entries(job.metadata).some((pair) => pair.some((part) => contains(part, text)))) return true;
  return contains(errorText(job), text) || items.file(text) || items.error(text);
}

function errorText({ error }: Pick<JobRecord, "error">): string {
  return error ? `${error.code} ${error.message} ${error.detail ?? ""}` : "";
}

/** Case-insensitive substring test. */
export function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

/** The states in which a matching job may be; `null` for any. A job with an error has not succeeded. */
export function searchedStates({ states, code, error }: JobSearch): readonly JobState[] | null {
  if (states !== undefined) return states;
  if (code === undefined && error === undefined) return null;
  return ["running", "partial", "failed", "cancelled", "expired"];
}

/** The smallest possible id of a job created at this time. */
export function firstIdAt(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
