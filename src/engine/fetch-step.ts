import { Readable } from "node:stream";
import { FETCH_STEP } from "../domain/fetching.ts";
import { checkSize } from "../domain/incoming.ts";
import type { Accepted } from "../pipeline/accepts.ts";
import type { EachContext } from "../pipeline/context.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Step } from "../pipeline/step.ts";
import { kindFault } from "./file-faults.ts";
import type { FileSource } from "./file-source.ts";
import { HEAD_BYTES, mediaTypeOf } from "./media-type.ts";
import { peekHead } from "./peek-head.ts";

/** Time to connect, and for slow servers to begin. */
const LEAST_MS = 60_000;
/** Slowest average speed; a slower file is given up, because it would hold up others. */
const BYTES_PER_SECOND = 256 * 1024;
const LONGEST_MS = 6 * 3_600_000;

/** What the step reads besides the usual: the URL of its item. */
interface FetchContext extends EachContext<unknown, null> {
  readonly url: string;
}

/** The step that fetches a file; `null` for a pipeline that takes no files. It has its own attempts. */
export function fetchStep({ accepts }: Pick<Pipeline, "accepts">, source?: FileSource): Step | null {
  if (accepts.maxFiles === 0) return null;
  return {
    name: FETCH_STEP,
    kind: "each",
    attempts: 5,
    timeoutMs: Math.min(LONGEST_MS, LEAST_MS + Math.ceil((accepts.maxFileBytes / BYTES_PER_SECOND) * 1_000)),
    backoff: { baseMs: 2_000, maxMs: 60_000 },
    concurrency: 8,
    cache: "never",
    version: "1",
    unordered: false,
    reversed: null,
    keepMemos: false,
    needs: "some",
    isolate: null,
    batch: null,
    run: (context: FetchContext) => fetchFile(source!, accepts, context),
  };
}

/** All steps that the workers of a pipeline run. */
export function stepsOf(pipeline: Pipeline, source?: FileSource): Step[] {
  const fetch = fetchStep(pipeline, source);
  return fetch ? [fetch, ...pipeline.steps] : [...pipeline.steps];
}

/** Refuses the same files as an upload, with the same codes. */
async function fetchFile(
  source: FileSource,
  { mediaTypes, maxFileBytes }: Accepted,
  context: FetchContext,
): Promise<null> {
  const { signal, url } = context;
  const { name, bytes, body } = await source.open(url, { maxBytes: maxFileBytes, signal });
  try {
    const { head, whole } = await peekHead(body, HEAD_BYTES);
    const mediaType = (await mediaTypeOf(head)) ?? "application/octet-stream";
    const fault = kindFault({ name, mediaType, isEmpty: head.length === 0 }, mediaTypes);
    if (fault) throw fault;
    const told = Readable.from(telling(whole, { total: bytes, maxFileBytes, progress: context.progress }), {
      objectMode: false,
    });
    await context.write({ name, mediaType, data: told });
    return null;
  } finally {
    body.destroy();
  }
}

interface Telling extends Pick<FetchContext, "progress"> {
  /** Expected size in bytes; `null` if unknown. */
  total: number | null;
  maxFileBytes: number;
}

/** Passes the bytes on and reports how many have arrived. */
async function* telling(source: Readable, { total, maxFileBytes, progress }: Telling) {
  let bytes = 0;
  for await (const piece of source) {
    bytes += (piece as Buffer).length;
    checkSize(bytes, maxFileBytes);
    // The total is not always known.
    progress(total ? bytes / total : 0, total ? `${bytes} of ${total} bytes` : `${bytes} bytes`);
    yield piece as Buffer;
  }
}
