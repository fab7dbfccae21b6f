import { createParser, type EventSourceMessage } from "eventsource-parser";
import { connection } from "../connection/connection.ts";
import type { JobEvent } from "./contract.ts";
import { pause } from "./pause.ts";

/** The server sends a comment every 15 s: a silence this long means that the connection is dead. */
const silenceMs = 45_000;

export interface StreamHandlers {
  onEvent(type: string, data: JobEvent): void;
  /** The server no longer has the log from our cursor on: read the state anew. */
  onResync(): void;
  /** Connected, or connected again. */
  onOpen?(): void;
}

/**
 * Follows an event stream until `close` is called or the server ends it for good. A cut connection resumes with
 * `Last-Event-ID`, so no event is missed or seen twice. The stream rests while the page is hidden: a browser
 * opens only six connections to a server, and tabs in the background must not use them up.
 *
 * @param endsWith whether an event is the last one, after which the server closes the stream
 */
export function openEventStream(
  url: string,
  handlers: StreamHandlers,
  endsWith: (type: string) => boolean = () => false,
): { close(): void } {
  const stopped = new AbortController();
  let lastId = "";
  let terminal = false;
  let finished = false;

  function receive({ event: type = "message", data }: EventSourceMessage): void {
    if (type === "resync") {
      handlers.onResync();
      return;
    }
    handlers.onEvent(type, JSON.parse(data));
    // The log of a job that was reopened holds ends that were none: only an end that the server closes after counts.
    terminal = endsWith(type);
  }

  async function readOnce(signal: AbortSignal): Promise<void> {
    const quiet = new AbortController();
    let timer = setTimeout(() => quiet.abort(), silenceMs);
    try {
      const response = await fetch(url, {
        headers: { accept: "text/event-stream", ...(lastId && { "last-event-id": lastId }) },
        signal: AbortSignal.any([signal, quiet.signal]),
        cache: "no-store",
      });
      // The job has ended, and we have its last event.
      if (response.status === 204) {
        finished = true;
        return;
      }
      if (!response.ok || !response.body) {
        // A job that is gone will not come back; anything else may.
        if (response.status === 404 || response.status === 410) finished = true;
        throw new Error(`HTTP ${response.status}`);
      }
      connection.reached();
      handlers.onOpen?.();
      const parser = createParser({
        onEvent: receive,
        // Also without data: where to resume from, before the first event.
        onId(id) {
          lastId = id;
        },
      });
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => quiet.abort(), silenceMs);
        parser.feed(decoder.decode(value, { stream: true }));
      }
      if (terminal) finished = true;
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped.signal.aborted && !finished) {
      await visible(stopped.signal);
      const hidden = new AbortController();
      const onHide = () => document.hidden && hidden.abort();
      document.addEventListener("visibilitychange", onHide);
      const openedAt = Date.now();
      try {
        await readOnce(AbortSignal.any([stopped.signal, hidden.signal]));
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (!hidden.signal.aborted && error instanceof TypeError) connection.lost();
      } finally {
        document.removeEventListener("visibilitychange", onHide);
      }
      if (finished) return;
      failures = Date.now() - openedAt > 5_000 || hidden.signal.aborted ? 0 : failures + 1;
      await connection.whenReachable(stopped.signal);
      if (failures > 0)
        await pause(Math.min(15_000, 250 * 2 ** failures) * (0.75 + Math.random() / 2), stopped.signal);
    }
  }

  void run();
  return { close: () => stopped.abort() };
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
