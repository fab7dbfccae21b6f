import type { Engine, JobFile } from "../../engine/engine.ts";
import type { FileReference } from "./job-fields.ts";

/** Resolves a file reference. Uploads are looked up here, other references when the job is created. */
export async function referredFile(engine: Engine, owner: string, file: FileReference): Promise<JobFile> {
  if ("uploadId" in file) return engine.uploads.file(owner, file.uploadId);
  return "url" in file ? { url: file.url } : { artifactId: file.artifactId };
}
