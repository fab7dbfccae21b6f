import type { Multipart } from "@fastify/multipart";
import type { FastifyReply, FastifyRequest } from "fastify";
import { MillraceError } from "../../errors.ts";
import { type FormPurpose, FormReader, type JobForm, type Reading } from "./form-reader.ts";
import "./part-headers.ts";

/** Balances speed (large reads) against memory: each upload holds two of these. */
const BUFFER_BYTES = 1024 * 1024;

/**
 * Reads a form part by part and streams each file into the blob store. Rejects as soon as something is invalid.
 * Garbage collection removes what was stored by then.
 */
export async function readJobForm(
  context: Reading,
  request: FastifyRequest,
  reply: FastifyReply,
  purpose: FormPurpose,
): Promise<JobForm> {
  const gone = new AbortController();
  const onClose = () => gone.abort();
  reply.raw.once("close", onClose);
  const form = new FormReader(context, purpose, gone.signal);
  let part: Multipart | undefined;
  try {
    for await (part of request.parts(partLimits(context.limits.itemsBytes))) {
      if (part.type === "file") await form.file(part);
      else await form.field(part);
    }
    return await form.finish();
  } catch (error) {
    if (part?.type === "file") part.file.destroy();
    await form.release().catch(() => {});
    throw formError(error, gone.signal);
  } finally {
    reply.raw.removeListener("close", onClose);
  }
}

/** The reader itself checks file sizes and counts, with better error messages. These limits bound the rest. */
function partLimits(fieldBytes: number) {
  return {
    highWaterMark: BUFFER_BYTES,
    fileHwm: BUFFER_BYTES,
    throwFileSizeLimit: false,
    limits: {
      fieldSize: fieldBytes,
      fields: 32,
      headerPairs: 32,
      fileSize: Number.POSITIVE_INFINITY,
      parts: 100_000,
    },
  };
}

/** Translates the parser's plain errors. */
function formError(error: unknown, gone: AbortSignal): unknown {
  if (gone.aborted)
    return new MillraceError("invalid_request", "The upload was interrupted.", { cause: error });
  if (error instanceof MillraceError || !(error instanceof Error)) return error;
  if (
    /multipart|boundary|part terminated early|unexpected end|malformed|header|needle/i.test(error.message)
  ) {
    return new MillraceError("invalid_request", "The body is not valid multipart/form-data.", {
      cause: error,
    });
  }
  return error;
}
