import { resultId } from "../domain/ledger/content-key.ts";
import { type FileRef, type Json, resultBytes } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import type { AttemptFiles, AttemptOf } from "./attempt-files.ts";
import { packJson } from "./large-json.ts";

/** Most JSON bytes that a step may return: the next step holds it in memory. */
const MAX_RESULT_BYTES = 4_000_000;

export interface Kept {
  result: Json;
  resultFile: FileRef | null;
  /** False if the result names its job or a file of it, because these do not exist in another job. */
  cache: boolean;
}

/** Stores a step's return value: inline, or as a file if it is large. */
export async function keepResult(
  returned: unknown,
  { task, job }: Pick<AttemptOf, "task" | "job">,
  put: AttemptFiles["put"],
): Promise<Kept> {
  const { value, bytes } = packJson(returned, resultBytes(job, task));
  // The ids of a job's files begin with its own.
  const cache = !(bytes ?? JSON.stringify(value)).includes(job.id);
  if (bytes === null) return { result: value, resultFile: null, cache };
  if (bytes.length > MAX_RESULT_BYTES) {
    const text = `The step returned ${bytes.length} bytes of JSON. The limit is ${MAX_RESULT_BYTES}. Write large results as files.`;
    throw new MillraceError("step_failed", text, { retryable: false });
  }
  const file = { artifactId: resultId(task), name: "result.json", mediaType: "application/json" };
  return { result: null, resultFile: { ...file, ...(await put(bytes)) }, cache };
}
