import type { JobSpec, JobTraits, Json } from "./records.ts";

/** Of a job whose client says nothing, and of jobs from before there was such a trait. */
export const usualTraits: JobTraits = { metadata: {}, priority: 4 };

/** Strings that a job's metadata may hold. */
export const MAX_METADATA = 16;

/** The traits among other fields. */
export function traitsOf(given: Partial<JobTraits>): JobTraits {
  const { metadata = usualTraits.metadata, priority = usualTraits.priority } = given;
  return { metadata, priority };
}

/** The traits that differ from the usual ones. */
export function unusualTraits(traits: Partial<JobTraits>): { [name: string]: Json } {
  const usual: { [name: string]: Json } = { ...usualTraits };
  const given = Object.entries(traits as { [name: string]: Json });
  return Object.fromEntries(given.filter(([name, value]) => value !== usual[name]));
}

/** What a job is created with, among other fields. */
export function specOf(given: JobSpec): JobSpec {
  const {
    version,
    options,
    plan,
    attachments,
    startAt,
    parent,
    deleteInputs,
    retentionMs,
    deadLetterRetentionMs,
  } = given;
  const retention = { retentionMs, deadLetterRetentionMs };
  const trace = given.traceparent === undefined ? {} : { traceparent: given.traceparent };
  const rest = { ...(deleteInputs && { deleteInputs }), ...retention, ...trace };
  return { version, options, plan, attachments, ...traitsOf(given), startAt, parent, ...rest };
}
