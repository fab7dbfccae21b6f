import type { JobSpec, JobTraits } from "./records.ts";

/** Of a job whose client says nothing, and of jobs from before there was such a trait. */
export const usualTraits: JobTraits = { metadata: {}, priority: 4 };

/** The traits among other fields. */
export function traitsOf(given: Partial<JobTraits>): JobTraits {
  const { metadata = usualTraits.metadata, priority = usualTraits.priority } = given;
  return { metadata, priority };
}

/** What a job is created with, among other fields. */
export function specOf(given: JobSpec): JobSpec {
  const { version, options, plan, attachments, startAt, retentionMs, deadLetterRetentionMs } = given;
  const retention = { retentionMs, deadLetterRetentionMs };
  return { version, options, plan, attachments, ...traitsOf(given), startAt, ...retention };
}
