import type { Readable } from "node:stream";
import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { MillraceError } from "../../errors.ts";
import type { ReceivedFile, ReceiveOptions } from "../engine.ts";
import { kindFault } from "../file-faults.ts";
import { type Keeping, keepBlob } from "../keep-blob.ts";
import { HEAD_BYTES, mediaTypeOf } from "../media-type.ts";
import { peekHead } from "../peek-head.ts";

/** Streams one file into the blob store, unless its first bytes are those of a kind that is not accepted. */
export async function receiveFile(
  keeping: Keeping,
  source: Readable,
  { name: sent, mediaTypes, maxBytes, signal }: ReceiveOptions,
): Promise<ReceivedFile> {
  const name = safeName(sent);
  const { head, whole } = await peekHead(source, HEAD_BYTES);
  const mediaType = (await mediaTypeOf(head)) ?? "application/octet-stream";
  const fault = kindFault({ name, mediaType }, mediaTypes);
  if (fault) {
    source.resume();
    throw fault;
  }
  try {
    const kept = await keepBlob(keeping, whole, { maxBytes, signal, leaveReserve: true });
    return { name, mediaType, ...kept, pin: newId() };
  } catch (error) {
    if (error instanceof MillraceError && error.code === "file_too_large") {
      throw new MillraceError("file_too_large", `"${name}": ${error.message}`, { extra: { file: name } });
    }
    throw error;
  }
}
