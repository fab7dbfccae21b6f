import type { Progress } from "../domain/views.ts";
import { never, pause } from "./connection.ts";
import { pauseMs } from "./persistence.ts";
import { asProblem, networkProblem, type Problem } from "./problem.ts";
import { eventParser } from "./sse.ts";
import type { Transport } from "./transport.ts";
import type { AnyItem, ArchiveProgress } from "./types.ts";

/**
 * An event of a job. Events in the log have an `id`. `item.progress`, `text.delta` and `archive.progress` are live only. `resync` means
 * that the log no longer holds the stream's position: read the job again.
 */
export interface JobEvent {
  type: string;
  id: string | null;
  data: JobEventData;
}

/** Only live events have the fields from `attempt` on. */
export interface JobEventData {
  jobId: string;
  progress?: Progress;
  index?: number;
  attempt?: number;
  step?: string;
  fraction?: number;
  message?: string;
  text?: string;
  /** Position of the text in the whole stream. 0 replaces everything that came before. */
  offset?: number;
  /** Index of the part that this progress or text belongs to. */
  part?: number;
  /** Progress of the item's parts. */
  parts?: AnyItem["parts"];
  /** Of `archive.progress`, which only the events of all jobs have. */
  archive?: ArchiveProgress;
  [more: string]: unknown;
}

export interface EventOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
  /** Continue after this event. @default a job's first event; for all jobs, the next one that happens */
  after?: string | null;
  /** Called after each connect and reconnect. */
  onOpen?(): void;
  /** Consecutive attempts without an event before the iteration rejects. @default the client's */
  retries?: number;
  /**
   * Waits until a connection is allowed. Resolves with a signal that, when aborted, closes the connection; the
   * iteration calls this again and resumes where it was. For pages that are hidden. @default always allowed
   */
  mayConnect?(signal: AbortSignal): Promise<AbortSignal>;
}

/** The server sends a comment every 15 s, so after this much silence the connection is dead. */
const silenceMs = 45_000;
/** A connection that lasted this long was healthy: reconnect right away when it ends. */
const wellMs = 5_000;

const terminal = new Set(
  ["succeeded", "partial", "failed", "cancelled", "expired"].map((end) => `job.${end}`),
);

interface Stand {
  lastId: string;
  isOver: boolean;
  /** The last event ended the job. */
  ended: boolean;
  heard: boolean;
}

/**
 * Follows an event stream until the job ends. Resumes a cut connection with `Last-Event-ID`, so that no event is
 * missed or repeated. Rejects with a `Problem` if the job does not exist or the retries run out.
 */
export async function* followEvents(
  transport: Transport,
  path: string,
  options: EventOptions,
): AsyncGenerator<JobEvent, void, undefined> {
  const { signal = never(), retries = transport.retries, mayConnect } = options;
  const stand: Stand = { lastId: options.after ?? "", isOver: false, ended: false, heard: false };
  let failures = 0;
  while (!signal.aborted) {
    const allowed = mayConnect ? await mayConnect(signal) : signal;
    if (signal.aborted) return;
    const openedAt = Date.now();
    let problem: Problem | null = null;
    stand.heard = false;
    try {
      yield* readOnce(transport, path, { ...options, signal: AbortSignal.any([signal, allowed]) }, stand);
    } catch (error) {
      if (signal.aborted) return;
      // Errors that the consumer throws while it handles an event do not reach this point.
      if (!allowed.aborted) problem = asProblem(error);
    }
    if (stand.isOver) return;
    const isWell = stand.heard || allowed.aborted || Date.now() - openedAt > wellMs;
    failures = isWell ? 0 : failures + 1;
    if (problem && (!problem.isTransient || failures > retries)) throw problem;
    await transport.connection.whenReachable(signal);
    if (!allowed.aborted) await pause(pauseMs(Math.max(1, failures), problem?.retryAfter ?? null), signal);
  }
}

async function* readOnce(
  { send, url }: Transport,
  path: string,
  { onOpen, signal }: EventOptions & { signal: AbortSignal },
  stand: Stand,
): AsyncGenerator<JobEvent, void, undefined> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), silenceMs);
  try {
    const response = await send(path, {
      headers: { accept: "text/event-stream", ...(stand.lastId && { "last-event-id": stand.lastId }) },
      signal: AbortSignal.any([signal, quiet.signal]),
      cache: "no-store",
    });
    // The job has ended, and we already have its last event.
    if (response.status === 204 || !response.body) {
      stand.isOver = true;
      return;
    }
    onOpen?.();
    let ready: JobEvent[] = [];
    const feed = eventParser(
      (event) => ready.push({ ...event, data: JSON.parse(event.data) as JobEventData }),
      (id) => {
        stand.lastId = id;
      },
    );
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw networkProblem(url || "The server", error);
      });
      if (done) break;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silenceMs);
      feed(decoder.decode(value, { stream: true }));
      const events = ready;
      ready = [];
      if (events.length > 0) stand.heard = true;
      for (const event of events) {
        // A retried job's log contains earlier endings. Only one after which the server closes the stream counts.
        stand.ended = terminal.has(event.type);
        yield event;
      }
    }
    if (stand.ended) stand.isOver = true;
  } finally {
    clearTimeout(timer);
    quiet.abort();
  }
}
