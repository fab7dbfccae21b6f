import type { Readable } from "node:stream";
import type { JobFile } from "../../client/index.ts";
import { fileView } from "../../domain/views.ts";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";

/** A file, and its bytes. */
export interface StoredFile extends JobFile {
  jobId: string;
  stream(): Promise<Readable>;
}

export interface Download {
  name: string;
  bytes: number;
  stream: Readable;
}

export async function artifactOf(engine: Engine, owner: string, id: string): Promise<StoredFile> {
  const file = await engine.store.artifact({ owner, id });
  if (file === "expired") throw new MillraceError("gone", "The file has expired.");
  if (!file) throw new MillraceError("not_found", "There is no such file.");
  const { jobId, ...ref } = file;
  return { ...fileView(ref), jobId, stream: () => engine.blobs.open(file.blob) };
}

/** @param include `all` adds what earlier steps and parts wrote */
export async function archiveOf(
  engine: Engine,
  asked: { owner: string; id: string; include?: "all" | undefined },
): Promise<Download> {
  const { openArchive, writeZip } = await import("../../server/index.ts");
  const { include, ...job } = asked;
  const { name, layout } = await openArchive(engine, { ...job, everything: include === "all" });
  const { bytes } = layout;
  return { name, bytes, stream: writeZip(engine.blobs, layout, { start: 0, end: bytes - 1 }, new Map()) };
}
