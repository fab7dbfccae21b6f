import { RetryableError, retryAfterMs } from "millrace";
import { z } from "zod";
import { placeSchema } from "../place.ts";

/**
 * A page of changes after a cursor, oldest first. `next` is the cursor of the next page, even if that is still empty.
 * `more` says whether it has any changes yet.
 */
const pageSchema = z.object({
  records: z.array(
    z.union([
      z.object({ id: z.string().min(1).max(200), deleted: z.literal(true) }),
      z.object({ id: z.string().min(1).max(200), deleted: z.literal(false).optional(), place: z.unknown() }),
    ]),
  ),
  next: z.string().min(1).max(200),
  more: z.boolean(),
});
export type Page = z.output<typeof pageSchema>;
export type SourceRecord = Page["records"][number];

/** A rate limit response, with the pause that the source requested. */
export interface Refusal {
  afterMs: number;
}

/** Pause if the source does not specify one. */
const REFUSED_MS = 60_000;
const PATIENCE_MS = 30_000;

/** Fetches one page. @param cursor `null` for the first page */
export async function fetchPage(
  url: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page | Refusal> {
  const address = new URL(url);
  if (cursor !== null) address.searchParams.set("cursor", cursor);
  const response = await fetch(address, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  }).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new RetryableError("The source does not answer.", { code: "source_failed", cause });
  });
  const { status, headers } = response;
  if (status === 429 || status === 503) {
    await response.body?.cancel();
    return { afterMs: retryAfterMs(headers.get("retry-after") ?? undefined, Date.now()) ?? REFUSED_MS };
  }
  if (!response.ok) throw new RetryableError(`The source answered ${status}.`, { code: "source_failed" });
  const page = pageSchema.safeParse(await response.json().catch(() => null));
  if (page.success) return page.data;
  throw new RetryableError("The source's answer is no page of places.", { code: "source_malformed" });
}

/** Parses a record's place. `null` if it is invalid. */
export function placeOf(record: Extract<SourceRecord, { place: unknown }>) {
  const parsed = placeSchema.safeParse(record.place);
  return parsed.success ? parsed.data : null;
}
