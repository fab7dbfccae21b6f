import type { Readable } from "node:stream";
import { parse } from "content-disposition";
import { nameOfUrl } from "../domain/fetching.ts";
import { safeName } from "../domain/file-name.ts";
import { MillraceError } from "../errors.ts";
import type { Outgoing, OutgoingAnswer } from "../outgoing/outgoing.ts";
import { retryAfterMs } from "../outgoing/retry-after.ts";
import { RetryableError } from "../pipeline/control.ts";
import type { ObjectPlace, ObjectReader } from "../ports/objects.ts";
import { parseObjectUrl } from "./object-events/object-url.ts";

const REDIRECTS = 5;
/** Longest `Retry-After` that is honored. */
const LONGEST_WAIT_MS = 3_600_000;

/** Fetches the files that jobs name by URL. */
export interface FileSource {
  /**
   * Rejects with `file_too_large` before or during the read, with `address_refused`, and with `fetch_failed`, which is
   * retryable if the same request may succeed later.
   */
  open(url: string, options: { maxBytes: number; signal: AbortSignal }): Promise<OpenFile>;
}

export interface OpenFile {
  name: string;
  /** `null` if unknown until the end. */
  bytes: number | null;
  /** The caller must read or destroy it. */
  body: Readable;
}

export interface FileSourceParts {
  outgoing: Outgoing;
  objects: ObjectReader | null;
  /** Rejects with `storage_full` while free disk space is below its reserve. */
  room(): Promise<void>;
  /** Ms since the epoch. */
  now(): number;
}

export function fileSource({ outgoing, objects, room, now }: FileSourceParts): FileSource {
  return {
    async open(url, { maxBytes, signal }) {
      await room();
      const object = parseObjectUrl(url);
      if (object) return openObject(objects, object, { maxBytes, signal });
      const answer = await outgoing.request(url, { maxBytes, signal, redirects: REDIRECTS });
      if (answer.status !== 200) {
        answer.body.destroy();
        throw statusError(answer, now());
      }
      const length = Number(answer.headers["content-length"]);
      return {
        name: nameFrom(answer.headers["content-disposition"]) ?? nameOfUrl(answer.url),
        bytes: length > 0 ? length : null,
        body: answer.body,
      };
    },
  };
}

async function openObject(
  objects: ObjectReader | null,
  place: ObjectPlace,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<OpenFile> {
  if (!objects) {
    const text = `This worker has no settings for the bucket ${place.bucket}.`;
    throw new MillraceError("fetch_failed", text, { retryable: false });
  }
  const { bytes, body } = await objects.open(place, signal);
  if (bytes !== null && bytes > maxBytes) {
    body.destroy();
    const text = `The object has ${bytes} bytes. The limit is ${maxBytes}.`;
    throw new MillraceError("file_too_large", text, { extra: { limit: maxBytes } });
  }
  return { name: safeName(place.key), bytes, body };
}

/** Statuses that mean "try again later". */
const TEMPORARY = new Set([408, 425, 429]);

function statusError({ status, headers, url }: OutgoingAnswer, now: number): MillraceError {
  if (status >= 300 && status < 400) {
    const text = `${url.host} redirected more than ${REDIRECTS} times, or without an address (${status}).`;
    return new MillraceError("fetch_failed", text, { retryable: false });
  }
  const text = `${url.host} answers ${status}.`;
  if (status < 500 && !TEMPORARY.has(status))
    return new MillraceError("fetch_failed", text, { retryable: false });
  const asked = retryAfterMs(headers["retry-after"], now);
  const afterMs = asked === undefined ? undefined : Math.min(asked, LONGEST_WAIT_MS);
  return new RetryableError(text, { code: "fetch_failed", afterMs });
}

/** The server's name for the file; `null` if it gives no readable one. */
function nameFrom(header: string | string[] | undefined): string | null {
  if (typeof header !== "string") return null;
  try {
    const name = parse(header).parameters.filename;
    return name ? safeName(name) : null;
  } catch {
    return null;
  }
}
