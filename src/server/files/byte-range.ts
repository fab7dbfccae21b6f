import type { FastifyReply, FastifyRequest } from "fastify";
import { MillraceError } from "../../errors.ts";

export interface ByteRange {
  start: number;
  /** Included. */
  end: number;
}

/**
 * The one range that a `Range` header asks for, of a file of `size` bytes (RFC 9110). `null`: the whole file,
 * because there is no header, it is not understood, or it asks for several ranges, which a server may ignore.
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

/**
 * What to send of something with `size` bytes, and the headers that say so. Of another version than the client
 * has (`If-Range`), a range would not fit: it then gets the whole.
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
