import type { NewPart as StoredPart } from "../domain/commands.ts";
import { derivedName, safeName, splitExtension } from "../domain/file-name.ts";
import { taskId } from "../domain/ids.ts";
import { partNumber } from "../domain/parts.ts";
import { type FileRef, INLINE_BYTES, type TaskRecord } from "../domain/records.ts";
import { PermanentError } from "../pipeline/control.ts";
import type { NewPart } from "../pipeline/parts.ts";
import { packJson } from "./large-json.ts";

/** Most JSON bytes over all parts of a split in their records; a part's data beyond its share becomes a file. */
const INLINE_TOTAL_BYTES = 8_000_000;
const LEAST_INLINE_BYTES = 512;
/** Most data bytes per part: its steps hold it in memory. */
const MAX_DATA_BYTES = 4_000_000;
/** Most characters of all parts as recorded, in one transaction. */
const MAX_PARTS_CHARACTERS = 14_000_000;
/** Files written concurrently. */
const AT_ONCE = 16;

interface Hands {
  task: TaskRecord;
  /** A file that the step may read. */
  find(file: { artifactId: string }): Promise<FileRef>;
  put(bytes: Buffer): Promise<Pick<FileRef, "blob" | "bytes" | "sha256">>;
}

/** Prepares what a split returned for the records: data inline, or as a file if it is large. */
export async function keepParts(parts: readonly NewPart[], hands: Hands): Promise<StoredPart[]> {
  const limit = Math.max(LEAST_INLINE_BYTES, Math.floor(INLINE_TOTAL_BYTES / parts.length));
  const kept: StoredPart[] = [];
  for (let from = 0; from < parts.length; from += AT_ONCE) {
    const some = parts.slice(from, from + AT_ONCE);
    const keep = (part: NewPart, n: number) => keepPart(part, from + n, Math.min(INLINE_BYTES, limit), hands);
    kept.push(...(await Promise.all(some.map(keep))));
  }
  const characters = JSON.stringify(kept).length;
  if (characters > MAX_PARTS_CHARACTERS) {
    const text = `The ${kept.length} parts of the item take ${characters} characters of JSON, including file names. The limit is ${MAX_PARTS_CHARACTERS}. Split the item into fewer parts.`;
    throw new PermanentError("too_many_parts", text);
  }
  return kept;
}

async function keepPart(part: NewPart, index: number, limit: number, hands: Hands): Promise<StoredPart> {
  const { task, find, put } = hands;
  const id = taskId(task.jobId, partNumber({ item: task.item, part: index }));
  // The part gets its own artifact ids: those of its split exist only as long as the item.
  const found = await Promise.all((part.files ?? []).map(find));
  const files = found.map((file, n) => ({ ...file, artifactId: `${id}.in.${n}` }));
  const name = part.name === undefined ? usualName(task.name, index) : safeName(part.name);
  const { value, bytes } = packJson(part.data, limit);
  if (bytes === null) return { name, data: value, dataFile: null, files };
  if (bytes.length > MAX_DATA_BYTES) {
    const text = `The data of part ${index} has ${bytes.length} bytes of JSON. The limit is ${MAX_DATA_BYTES}. Write large data as files.`;
    throw new PermanentError("step_failed", text);
  }
  const dataFile = {
    artifactId: `${id}.data`,
    name: "data.json",
    mediaType: "application/json",
    ...(await put(bytes)),
  };
  return { name, data: null, dataFile, files };
}

function usualName(item: string, index: number): string {
  if (item === "") return String(index + 1);
  const [, extension] = splitExtension(item);
  return derivedName(item, `-${index + 1}${extension}`);
}
