import type { JobSpec, JobTraits, Json } from "./records.ts";

/** Defaults, also for jobs from before these fields existed. */
export const usualTraits: JobTraits = { metadata: {}, priority: 4, notify: [] };

/** Most addresses in a job's `notify`. */
export const MAX_NOTIFY = 5;

/** Most strings in a job's metadata. */
export const MAX_METADATA = 16;

/** How long a job is still listed after its files have expired, and its events kept. */
export const FORGET_MS = 30 * 24 * 3_600_000;

/** Picks the traits from other fields. */
export function traitsOf(given: Partial<JobTraits>): JobTraits {
  const { metadata, priority, notify } = { ...usualTraits, ...withoutUndefined(given) };
  return { metadata, priority, notify };
}

/** The traits that differ from the defaults. */
export function unusualTraits(traits: Partial<JobTraits>): { [name: string]: Json } {
  const usual: { [name: string]: Json } = { ...usualTraits };
  const given = Object.entries(traits as { [name: string]: Json });
  return Object.fromEntries(
    given.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name])),
  );
}

/** Picks the job spec from other fields. */
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

function withoutUndefined(given: Partial<JobTraits>): Partial<JobTraits> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
