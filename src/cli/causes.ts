import type { Job, JobItem } from "../client/index.ts";
import { taskId } from "../domain/ids.ts";
import { JOB_ITEM } from "../domain/records.ts";
import { isUnexpected } from "../domain/unexpected.ts";
import { type ClientFlags, KEY_ENV, nextCommand } from "./client/flags.ts";

/**
 * A line with the command that shows what unexpected errors a job's steps threw. `null` if there are none, and on a
 * server with accounts, where only operators may see it.
 */
export function causeHint(
  job: Pick<Job, "id" | "error">,
  items: readonly Pick<JobItem, "index" | "error">[],
  flags: ClientFlags,
): string | null {
  const failed = items.filter(({ error }) => isUnexpected(error)).map(({ index }) => taskId(job.id, index));
  if (isUnexpected(job.error)) failed.push(taskId(job.id, JOB_ITEM));
  const [task, ...more] = failed;
  if (task === undefined || process.env[KEY_ENV]) return null;
  const command = more.length > 0 ? `dead-letters list --job ${job.id}` : `dead-letters show ${task}`;
  return `See the cause with: ${nextCommand(command, flags)}`;
}
