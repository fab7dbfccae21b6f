import type { Progress } from "../domain/views.ts";
import { never, pause } from "./connection.ts";
import { pauseMs } from "./persistence.ts";
import { asProblem, networkProblem, type Problem } from "./problem.ts";
import { eventParser } from "./sse.ts";
import type { Transport } from "./transport.ts";
import type { AnyItem } from "./types.ts";

/**
 * An event of a job. Those that live in the log have an `id`. `item.progress` and `text.delta` are live only.
 * `resync` says that the log no longer reaches back to where the stream stood: read the job anew.
 */
export interface JobEvent {
  type: string;
  id: string | null;
  data: JobEventData;
}

/** Live events carry the fields from `attempt` on. */
export interface JobEventData {
  jobId: string;
  progress?: Progress;
  index?: number;
  attempt?: number;
  step?: string;
  fraction?: number;
  message?: string;
  text?: string;
  /** The index of a part, whose own progress or text this is. */
  part?: number;
  /** How those of the item stand. */
  parts?: AnyItem["parts"];
  [more: string]: unknown;
}

export interface EventOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
  /** Go on after this event. @default a job's first; for all jobs: the next that happens */
  after?: string | null;
  /** Connected, or connected again. */
  onOpen?(): void;
  /** Tries in a row without an event, after which it rejects. @default the client's */
  retries?: number;
  /**
   * Waits until a connection may be open. When the signal that it resolves with is aborted, the connection is
   * closed, to go on later where it was: for pages that are hidden. @default at once, for as long as it lasts
   */
  mayConnect?(signal: AbortSignal): Promise<AbortSignal>;
}

/** The server sends a comment every 15 s: a silence this long means that the connection is dead. */
const silenceMs = 45_000;
/** A connection that lasted so long was well: its end is answered at once. */
const wellMs = 5_000;

const terminal = new Set(
  ["succeeded", "partial", "failed", "cancelled", "expired"].map((end) => `job.${end}`),
);

interface Stand {
  lastId: string;
  isOver: boolean;
  /** The stream's last event was an end of the job. */
  ended: boolean;
  heard: boolean;
}

/**
 * Follows an event stream until it is over. A cut connection resumes with `Last-Event-ID`, so that no event is missed
 * or seen twice. Rejects with a `Problem` when the job is not there or patience is lost.
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
      // A failure while its consumer works on an event is not ours, and does not come here.
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
    // The job has ended, and its last event is known here.
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
        // The log of a job that was reopened holds ends that were none: only one that the server closes after counts.
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
