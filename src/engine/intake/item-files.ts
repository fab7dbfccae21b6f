import type { NewItem } from "../../domain/commands.ts";
import { nameOfUrl } from "../../domain/fetching.ts";
import { safeName } from "../../domain/file-name.ts";
import type { FileRef, ItemOptions } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Outgoing } from "../../outgoing/outgoing.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Store } from "../../ports/store/store.ts";
import type { JobFile, JobRequest, OnInvalidFile, ReceivedFile } from "../engine.ts";
import { fileFault, refusedFile } from "../file-faults.ts";
import type { ItemFile } from "./fingerprint.ts";

type StoredFile = Omit<FileRef, "artifactId">;

/** Resolves the files that a request names: stored, to be fetched, or refused. */
export function itemFiles({ store, outgoing }: { store: Pick<Store, "artifact">; outgoing: Outgoing }) {
  /** A file just received, or one of an earlier job of the same owner. */
  async function stored(owner: string, file: ReceivedFile | { artifactId: string }): Promise<StoredFile> {
    if (!("artifactId" in file)) {
      const { pin: _, ...received } = file;
      return received;
    }
    const found = await store.artifact({ owner, id: file.artifactId });
    if (found === "expired") throw new MillraceError("gone", `The file ${file.artifactId} has expired.`);
    if (!found) throw new MillraceError("not_found", `There is no file ${file.artifactId.slice(0, 200)}.`);
    const { name, mediaType, bytes, sha256: hash, blob } = found;
    return { name, mediaType, bytes, sha256: hash, blob };
  }

  /** Checks what can be checked of a URL without requesting it, which is a worker's job. */
  function remote(url: string, onInvalidFile: OnInvalidFile | undefined): ItemFile {
    try {
      const address = outgoing.check(url);
      return { name: nameOfUrl(address), url: address.href };
    } catch (error) {
      if (onInvalidFile !== "skip" || !(error instanceof MillraceError)) throw error;
      return refusedFile(safeName(url), error);
    }
  }

  return {
    stored,

    /** The item of a file, except what depends on its index in the job. */
    async item(
      { owner, onInvalidFile }: JobRequest,
      file: JobFile,
      { accepts }: Pipeline,
    ): Promise<ItemFile> {
      if ("error" in file) return file;
      if ("object" in file) return { name: nameOfUrl(new URL(file.object)), url: file.object };
      if ("url" in file) return remote(file.url, onInvalidFile);
      const found = await stored(owner, file);
      const fault = fileFault(found, accepts);
      if (fault === null) return found;
      if (onInvalidFile === "skip") return refusedFile(found.name, fault);
      throw fault;
    },
  };
}

/**
 * The items of a job's files.
 * @param own options of files that have their own, by index
 */
export function newItems(
  jobId: string,
  files: readonly ItemFile[],
  own: ReadonlyMap<number, ItemOptions>,
): NewItem[] {
  return files.map((file, index) => {
    const options = own.get(index);
    const more = options && { options };
    if ("error" in file || "url" in file) return { ...file, ...more };
    return { name: file.name, input: { ...file, artifactId: `${jobId}.${index}.in` }, ...more };
  });
}

/** The blobs whose pins come with these files: one for each pin, however often its file is named. */
export function pinsOf(files: readonly JobFile[]): string[] {
  const blobByPin = new Map<string, string>();
  for (const file of files) {
    if ("blob" in file && file.pin !== null) blobByPin.set(file.pin, file.blob);
  }
  return [...blobByPin.values()];
}

export function isRemote(file: ItemFile): boolean {
  return "url" in file;
}
