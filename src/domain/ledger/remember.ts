import type { Remember } from "../commands.ts";
import { parseTaskId } from "../ids.ts";
import { isLive, type Ledger } from "./ledger.ts";

/** Records the result of `ctx.once`. Only the lease holder may; the first value of a key wins. */
export function remember(ledger: Ledger, command: Remember): boolean {
  const id = parseTaskId(command.taskId);
  const task = id && ledger.job(id.jobId) && ledger.task(id.jobId, id.item);
  if (task?.state !== "leased" || task.lease !== command.lease) return false;
  const { step, key, value, blob, now } = command;
  if (blob !== null) {
    if (!isLive(ledger.blob(blob), now)) return false;
    ledger.refer(task.jobId, blob);
    ledger.unpin(blob);
  }
  ledger.putMemo({ jobId: task.jobId, item: task.item, step, key, value, blob });
  return true;
}
