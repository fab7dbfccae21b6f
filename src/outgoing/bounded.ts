import { Readable } from "node:stream";
import { MillraceError } from "../errors.ts";
import { transportError } from "./failures.ts";

interface Bounds {
  headers: Record<string, string | string[] | undefined>;
  maxBytes: number;
  url: URL;
  signal: AbortSignal | undefined;
  /** Pass compressed data through. */
  encoded?: true | undefined;
}

/**
 * Limits the size of a response body, which fails as soon as it exceeds the limit. Rejects compressed responses, which
 * we did not ask for, because they might expand without bounds.
 */
export function bounded(body: Readable, { headers, maxBytes, url, signal, encoded }: Bounds): Readable {
  const encoding = String(headers["content-encoding"] ?? "identity").trim();
  if (!encoded && encoding !== "" && encoding !== "identity") {
    const text = `${url.host} sends the file compressed (${encoding.slice(0, 40)}), although no compression was requested.`;
    throw new MillraceError("fetch_failed", text, { retryable: false });
  }
  const announced = Number(headers["content-length"] ?? 0);
  if (announced > maxBytes) throw tooLarge(url, maxBytes, `${announced} announced`);
  return Readable.from(pieces(body, { maxBytes, url, signal }), { objectMode: false });
}

async function* pieces(body: Readable, { maxBytes, url, signal }: Omit<Bounds, "headers" | "encoded">) {
  let bytes = 0;
  try {
    for await (const piece of body) {
      bytes += (piece as Buffer).length;
      if (bytes > maxBytes) throw tooLarge(url, maxBytes, `at least ${bytes} received`);
      yield piece as Buffer;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MillraceError ? error : transportError(error, url);
  } finally {
    body.destroy();
  }
}

function tooLarge({ host }: URL, limit: number, found: string): MillraceError {
  const text = `The file from ${host} is larger than the limit of ${limit} bytes (${found}).`;
  return new MillraceError("file_too_large", text, { extra: { limit } });
}
