import type { Engine, JobFile } from "../../engine/engine.ts";
import type { FileReference } from "./job-fields.ts";

/** A file that a request names: an upload is looked up, the others are looked at when the job is created. */
export async function referredFile(engine: Engine, owner: string, file: FileReference): Promise<JobFile> {
  return "uploadId" in file ? engine.uploads.file(owner, file.uploadId) : file;
}
