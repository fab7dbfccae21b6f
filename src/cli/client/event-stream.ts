import { setTimeout as sleep } from "node:timers/promises";
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
  for (;;) {
    try {
      const headers: Record<string, string> = last === null ? {} : { "last-event-id": last };
      const response = await server.open(`/v1/jobs/${jobId}/events`, { headers, signal });
      // It has ended, and its last event was seen.
      if (response.status === 204) return;
      for await (const { id, type, data } of frames(response)) {
        heardAt = performance.now();
        last = id ?? last;
        if (type === null || data === null) continue;
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

async function* frames(
  response: Response,
): AsyncGenerator<{ id: string | null; type: string | null; data: string | null }> {
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? null;
      yield { id: field("id"), type: field("event"), data: field("data") };
    }
  }
}
