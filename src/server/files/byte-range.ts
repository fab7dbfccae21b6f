import type { FastifyReply, FastifyRequest } from "fastify";
import { MillraceError } from "../../errors.ts";

export interface ByteRange {
  start: number;
  /** Inclusive. */
  end: number;
}

/**
 * Parses a `Range` header (RFC 9110) for a file of `size` bytes. `null` means the whole file: there is no header, it
 * is malformed, or it asks for several ranges, which a server may ignore.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | null {
  const match = header === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header.trim());
  if (!match) return null;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return null;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** Whether a request asks for the whole file, or for the rest of it to resume a download (`bytes=100-`). */
export function wantsRest(header: string | undefined): boolean {
  return header === undefined || /^bytes=\d+-$/i.test(header.trim());
}

/**
 * Decides which bytes of a `size`-byte response to send, and sets the headers for it. If the client has another
 * version (`If-Range`), it gets the whole.
 */
export function requestedRange(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  size: number,
): ByteRange {
  const condition = request.headers["if-range"];
  const header = condition === undefined || condition === etag ? request.headers.range : undefined;
  const range = byteRange(header, size);
  if (range === "unsatisfiable") {
    reply.header("content-range", `bytes */${size}`);
    throw new MillraceError("range_not_satisfiable", `The file has ${size} bytes.`, {
      extra: { bytes: size },
    });
  }
  if (range) reply.code(206).header("content-range", `bytes ${range.start}-${range.end}/${size}`);
  reply.header("content-length", range ? range.end - range.start + 1 : size);
  return range ?? { start: 0, end: size - 1 };
}
