import type { Readable } from "node:stream";
import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { MillraceError } from "../../errors.ts";
import { countComing } from "../count-coming.ts";
import type { ReceivedFile, ReceiveOptions } from "../engine.ts";
import { kindFault } from "../file-faults.ts";
import { type Keeping, keepBlob } from "../keep-blob.ts";
import { HEAD_BYTES, mediaTypeOf } from "../media-type.ts";
import { peekHead } from "../peek-head.ts";
import type { QuotaGuard } from "../quotas.ts";

/** Streams one file into the blob store, unless its first bytes show that its type is not accepted. */
export async function receiveFile(
  { quotas, ...keeping }: Keeping & { quotas: QuotaGuard | null },
  source: Readable,
  options: ReceiveOptions,
): Promise<ReceivedFile> {
  const { mediaTypes, signal, owner } = options;
  const name = safeName(options.name);
  const { head, whole } = await peekHead(source, HEAD_BYTES);
  const mediaType = (await mediaTypeOf(head)) ?? "application/octet-stream";
  const fault = kindFault({ name, mediaType, isEmpty: head.length === 0 }, mediaTypes);
  if (fault) {
    source.resume();
    throw fault;
  }
  const coming = owner === undefined ? undefined : await quotas?.coming(owner);
  try {
    const { maxBytes } = options;
    const counted = coming ? countComing(coming, whole) : whole;
    const kept = await keepBlob(keeping, counted, { maxBytes, signal, leaveReserve: true });
    if (owner !== undefined) quotas?.received(owner, kept.bytes);
    return { name, mediaType, ...kept, pin: newId() };
  } catch (error) {
    if (isTooLarge(error)) {
      throw new MillraceError("file_too_large", `"${name}": ${error.message}`, { extra: { file: name } });
    }
    throw error;
  } finally {
    coming?.end();
  }
}

function isTooLarge(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === "file_too_large";
}
