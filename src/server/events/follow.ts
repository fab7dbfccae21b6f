import type { JobRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import type { EventHub } from "./event-hub.ts";
import type { EventStream } from "./event-streams.ts";
import { type Frame, logFrame, positionFrame, resyncFrame } from "./frame.ts";

type Log = Pick<Store, "events" | "logBounds" | "job">;

export interface Source {
  hub: EventHub;
  store: Log;
  owner: string;
}

const PAGE = 200;
/** Events that may come while a replay is under way; a client that needs longer resumes where it was. */
const MAX_HELD = 10_000;

/** All of an owner's jobs: from after `cursor`, or from now. Returns when the stream has ended. */
export async function followOwner(source: Source, stream: EventStream, cursor: number | null): Promise<void> {
  let after = cursor === null ? null : await resume(source, stream, cursor);
  if (after !== null) ({ after } = await replay(source, stream, { after }));
  await followLive(source, stream, { jobId: null, after, announce: cursor === null || after === null });
}

/**
 * One job: its whole log, or what comes after `cursor`. Ends after the job's last event: a job that has
 * ended is read from the store alone, since nothing follows unless it is reopened.
 */
export async function followJob(
  source: Source,
  stream: EventStream,
  job: JobRecord,
  cursor: number | null,
): Promise<void> {
  let after = cursor === null ? 0 : await resume(source, stream, cursor);
  let present: JobRecord | null = job;
  while (present && !stream.closed) {
    if (present.finishedAt === null) {
      after = await followLive(source, stream, { jobId: job.id, after, announce: after === null });
    } else {
      if (after === null) break;
      const replayed = await replay(source, stream, { jobId: job.id, after });
      // Its end was read before, so all that led to it is in the replay.
      if (replayed.terminal !== false) break;
      after = replayed.after;
    }
    present = await source.store.job({ owner: source.owner, id: job.id });
  }
  stream.end();
}

/** The cursor, or `null` after a `resync` when the log does not hold it: the present is what counts then. */
async function resume(source: Source, stream: EventStream, cursor: number): Promise<number | null> {
  const bounds = await source.store.logBounds({ owner: source.owner });
  if (cursor >= bounds.first - 1 && cursor <= bounds.last) return cursor;
  stream.write(resyncFrame(bounds));
  return null;
}

interface Replayed {
  /** The last event sent, or where it began. */
  after: number;
  /** Whether the last event sent was an end of the job; `null` when none was sent. */
  terminal: boolean | null;
}

async function replay(
  { store, owner }: Source,
  stream: EventStream,
  from: { after: number; jobId?: string; upTo?: number },
): Promise<Replayed> {
  let { after } = from;
  let terminal: boolean | null = null;
  while (!stream.closed) {
    const events = await store.events({ owner, after, limit: PAGE, jobId: from.jobId });
    for (const event of events) {
      if (from.upTo !== undefined && event.seq > from.upTo) return { after, terminal };
      const frame = logFrame(event);
      stream.write(frame.bytes);
      after = event.seq;
      terminal = frame.terminal;
    }
    if (events.length === 0) break;
    await stream.drained();
  }
  return { after, terminal };
}

/**
 * Joins the live end: frames that come while the store is still read are held back, so that the two meet
 * without a gap or a repeat. For a job, returns after its last event.
 */
async function followLive(
  source: Source,
  stream: EventStream,
  from: { jobId: string | null; after: number | null; announce: boolean },
): Promise<number> {
  let held: Frame[] | null = [];
  let last = from.after ?? 0;
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();

  function send(frame: Frame): void {
    if (frame.seq !== null) {
      // The replay reads the store, which may be ahead of the hub.
      if (frame.seq <= last) return;
      last = frame.seq;
    }
    stream.push(frame.bytes);
    if (frame.terminal && from.jobId !== null) finish();
  }

  const listening = await source.hub.listen(source.owner, {
    jobId: from.jobId,
    onFrame(frame) {
      if (!held) send(frame);
      else if (held.push(frame) > MAX_HELD) stream.end();
    },
  });
  try {
    if (from.announce) stream.write(positionFrame(listening.position));
    if (from.after === null) last = listening.position;
    else {
      const missed = await replay(source, stream, {
        after: from.after,
        upTo: listening.position,
        jobId: from.jobId ?? undefined,
      });
      last = missed.after;
      if (missed.terminal && from.jobId !== null) finish();
    }
    const waiting = held;
    held = null;
    for (const frame of waiting) send(frame);
    await Promise.race([over, stream.ended]);
    return last;
  } finally {
    listening.stop();
  }
}
