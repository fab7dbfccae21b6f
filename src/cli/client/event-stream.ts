import { setTimeout as sleep } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { isTerminal } from "../../domain/states.ts";
import { MillraceError } from "../../errors.ts";
import type { ServerClient } from "./server-client.ts";

export interface StreamEvent {
  type: string;
  data: { [key: string]: unknown };
}

const RETRY_MS = 1_000;
/** A server that is being restarted is back by then. */
const PATIENCE_MS = 30_000;

/** A job's events from its first to its last; goes on where it was when the connection is cut. */
export async function followJob(
  server: ServerClient,
  jobId: string,
  onEvent: (event: StreamEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: string | null = null;
  let heardAt = performance.now();
  const heard = () => {
    heardAt = performance.now();
  };
  /** Also without data: where to resume from, before the first event. */
  const onId = (id: string) => {
    last = id;
  };
  for (;;) {
    try {
      const headers: Record<string, string> = last === null ? {} : { "last-event-id": last };
      const response = await server.open(`/v1/jobs/${jobId}/events`, { headers, signal });
      // It has ended, and its last event was seen.
      if (response.status === 204) return;
      const events = response
        .body!.pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ onId, onComment: heard }));
      for await (const { event: type = "message", data } of events) {
        heard();
        onEvent({ type, data: JSON.parse(data) as StreamEvent["data"] });
        if (isTerminal(type)) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      const lasting = error instanceof MillraceError && !error.retryable;
      if (lasting || performance.now() - heardAt > PATIENCE_MS) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
