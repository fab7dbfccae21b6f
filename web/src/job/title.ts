import type { Job } from "../api/contract.ts";
import type { Dictionary } from "../i18n/en.ts";

/** Names a job by its first file and the number of others. @param pipeline used if no item has a name */
export function jobTitle(
  text: Dictionary,
  { firstItem, progress }: Pick<Job, "firstItem" | "progress">,
  pipeline: string,
): string {
  if (!firstItem) return pipeline;
  return progress.total > 1 ? text.job.titleOf(firstItem, progress.total - 1) : firstItem;
}
