import { asProblem, type JobEventData } from "../../../src/client/index.ts";
import { connection } from "../connection/connection.ts";
import { client } from "./client.ts";

export interface StreamHandlers {
  onEvent(type: string, data: JobEventData): void;
  /** The server no longer has the log from our cursor on: read the state anew. */
  onResync(): void;
  /** Connected, or connected again. */
  onOpen?(): void;
}

/**
 * Follows a job's events, or with `null` those of all jobs, until `close` is called or the server ends them for good.
 * The stream rests while the page is hidden: a browser opens only six connections to a server, and tabs in the
 * background must not use them up.
 */
export function openEventStream(jobId: string | null, handlers: StreamHandlers): { close(): void } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { onOpen } = handlers;

  async function follow(): Promise<void> {
    const options = { signal, onOpen, retries: Number.POSITIVE_INFINITY, mayConnect: whileVisible };
    for await (const { type, data } of client.events(jobId, options)) {
      if (type === "resync") handlers.onResync();
      else handlers.onEvent(type, data);
    }
  }

  follow().catch((error: unknown) => {
    // A job that is gone will not come back: the page learns that where it reads the job.
    if (asProblem(error).code === "network") connection.lost();
  });
  return { close: () => stopped.abort() };
}

/** Waits until the page is seen; the signal says when it no longer is. */
async function whileVisible(signal: AbortSignal): Promise<AbortSignal> {
  await visible(signal);
  const hidden = new AbortController();
  const look = () => {
    if (!document.hidden && !signal.aborted) return;
    document.removeEventListener("visibilitychange", look);
    signal.removeEventListener("abort", look);
    hidden.abort();
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look);
  return hidden.signal;
}

function visible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      signal.removeEventListener("abort", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check);
  });
}
