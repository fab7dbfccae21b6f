import { setTimeout as sleep } from "node:timers/promises";
import type { JobEvent } from "../../client/index.ts";
import { isTerminal } from "../../domain/states.ts";
import type { Engine } from "../../engine/engine.ts";
import { topics } from "../../engine/messages/topics.ts";
import { MillraceError } from "../../errors.ts";

export type EmbeddedEvent = JobEvent;

export interface FollowOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
  /** Continue after this event. @default the start of the job; for all jobs, from now on */
  after?: string | null;
}

const PAGE = 200;
/** Poll interval that makes up for lost wakeups. */
const LOOK_MS = 1_000;
/** Most live events buffered for the consumer; older ones are dropped, as if nobody were listening. */
const MOST_LIVE = 1_000;

/** The events of a job until its last, or of all jobs of an owner: read from the log, woken by the bus. */
export async function* followEvents(
  { store, bus, messages }: Pick<Engine, "store" | "bus" | "messages">,
  { owner, jobId, signal, after }: FollowOptions & { owner: string; jobId: string | null },
): AsyncGenerator<JobEvent, void, undefined> {
  let wake = Promise.withResolvers<void>();
  const live: JobEvent[] = [];
  const onAbort = () => wake.resolve();
  signal?.addEventListener("abort", onAbort);
  const listening = await Promise.all([
    bus.subscribe(topics.log, () => wake.resolve()),
    bus.subscribe(topics.live, (text) => {
      const message = messages.live(text);
      if (message?.owner !== owner || (jobId !== null && message.jobId !== jobId)) return;
      const { type, index, attempt, data } = message;
      if (live.length >= MOST_LIVE) live.shift();
      live.push({ type, id: null, data: { jobId: message.jobId, index, attempt, ...data } });
      wake.resolve();
    }),
  ]);
  try {
    let seq = after ? Number(after) : jobId === null ? (await store.logBounds({ owner })).last : 0;
    while (!signal?.aborted) {
      wake = Promise.withResolvers<void>();
      // Read first: if the job has ended, the log already contains its last events.
      const job = jobId === null ? null : await store.job({ owner, id: jobId });
      if (jobId !== null && !job) throw new MillraceError("not_found", "There is no such job.");
      const events = await store.events({ owner, after: seq, limit: PAGE, jobId: jobId ?? undefined });
      for (const event of events) {
        seq = event.seq;
        const data = { jobId: event.jobId, at: new Date(event.at).toISOString(), ...event.data };
        yield { type: event.type, id: String(event.seq), data } as JobEvent;
      }
      for (const event of live.splice(0)) yield event;
      if (events.length > 0) {
        if (job?.finishedAt != null && events.length < PAGE && isTerminal(events.at(-1)!.type)) return;
        continue;
      }
      if (job?.finishedAt != null) return;
      const looking = new AbortController();
      const look = sleep(LOOK_MS, undefined, { signal: looking.signal }).catch(() => {});
      await Promise.race([wake.promise, look]);
      looking.abort();
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await Promise.all(listening.map((one) => one.close()));
  }
}
