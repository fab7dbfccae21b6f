import { createParser } from "eventsource-parser";

/** One event of a stream, parsed as the specification says. */
export interface SseEvent {
  id: string | null;
  event: string;
  data: { jobId: string | null; progress: unknown; index?: number; [more: string]: unknown };
}

export interface SseClient {
  readonly status: number;
  readonly events: SseEvent[];
  /** Where the client would resume; an id without data sets it, too. */
  lastId(): string | null;
  comments(): number;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  /** Cuts the connection. */
  cut(): Promise<void>;
}

export async function listen(
  url: string,
  path: string,
  lastEventId?: string | null,
  more: Record<string, string> = {},
): Promise<SseClient> {
  const abort = new AbortController();
  const response = await fetch(url + path, {
    headers: { ...more, ...(lastEventId && { "last-event-id": lastEventId }) },
    signal: abort.signal,
  });
  const events: SseEvent[] = [];
  let last: string | null = lastEventId ?? null;
  let comments = 0;
  const positioned = Promise.withResolvers<void>();
  const parser = createParser({
    onEvent: ({ id = null, event = "message", data }) => events.push({ id, event, data: JSON.parse(data) }),
    onId(id) {
      last = id;
      positioned.resolve();
    },
    onComment() {
      comments++;
    },
  });
  const read = async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
  };
  const ended = read().catch(() => {});
  if (response.ok && path === "/v1/events" && !lastEventId) await Promise.race([positioned.promise, ended]);
  return {
    status: response.status,
    events,
    ended,
    lastId: () => last,
    comments: () => comments,
    async cut() {
      abort.abort();
      await ended;
    },
  };
}
