/** One event of a stream, as a client of the specification understands it. */
export interface SseEvent {
  id: string | null;
  event: string;
  data: { jobId: string | null; progress: unknown; index?: number; [more: string]: unknown };
}

export interface SseClient {
  readonly status: number;
  readonly events: SseEvent[];
  /** What the client would resume from: also set by an id without data. */
  lastId(): string | null;
  comments(): number;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  /** Cuts the connection. */
  cut(): Promise<void>;
}

export async function listen(url: string, path: string, lastEventId?: string | null): Promise<SseClient> {
  const abort = new AbortController();
  const response = await fetch(url + path, {
    headers: lastEventId === undefined || lastEventId === null ? {} : { "last-event-id": lastEventId },
    signal: abort.signal,
  });
  const events: SseEvent[] = [];
  let last: string | null = lastEventId ?? null;
  let comments = 0;
  const read = async () => {
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const fields = new Map<string, string>();
        for (const line of block.split("\n")) {
          if (line.startsWith(":")) comments++;
          else fields.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2));
        }
        last = fields.get("id") ?? last;
        const data = fields.get("data");
        if (data !== undefined) {
          events.push({ id: fields.get("id") ?? null, event: fields.get("event")!, data: JSON.parse(data) });
        }
      }
    }
  };
  const ended = read().catch(() => {});
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
