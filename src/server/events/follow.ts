import type { JobRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import type { EventHub } from "./event-hub.ts";
import type { EventStream } from "./event-streams.ts";
import { type Frame, logFrame, positionFrame, resyncFrame } from "./frame.ts";
import type { ReplayTurns } from "./replay-turns.ts";

type Log = Pick<Store, "events" | "logBounds" | "job">;

export interface Source {
  hub: EventHub;
  store: Log;
  replays: ReplayTurns;
  owner: string;
}

const PAGE = 200;

/** All of an owner's jobs: from after `cursor`, or from now. Returns when the stream has ended. */
export async function followOwner(source: Source, stream: EventStream, cursor: number | null): Promise<void> {
  const after = cursor === null ? null : await resume(source, stream, cursor);
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

/**
 * Sends what the store has, at the pace of the client, of which no more than a page is in memory.
 * @param from.until says after which event it may end; the end of the log, if nothing says so before
 */
async function replay(
  { store, owner, replays }: Source,
  stream: EventStream,
  from: { after: number; jobId?: string; until?: () => number },
): Promise<Replayed> {
  let { after } = from;
  let terminal: boolean | null = null;
  while (!stream.closed) {
    const read = await replays.take(async () => {
      const events = await store.events({ owner, after, limit: PAGE, jobId: from.jobId });
      const frames = events.map(logFrame);
      if (frames.length > 0) stream.write(Buffer.concat(frames.map((frame) => frame.bytes)));
      return frames.at(-1);
    });
    if (!read) break;
    after = read.seq!;
    terminal = read.terminal;
    // Before anything else can happen: what comes from here on is sent as it comes.
    if (from.until && after >= from.until()) break;
    await stream.drained();
  }
  return { after, terminal };
}

/**
 * Joins the live end: what comes while the store is still read is not sent, but read from the store as well, until
 * nothing has come meanwhile. So the two meet without a gap or a repeat, and no event is held in memory. For a job,
 * returns after its last event.
 */
async function followLive(
  source: Source,
  stream: EventStream,
  from: { jobId: string | null; after: number | null; announce: boolean },
): Promise<number> {
  const { jobId } = from;
  let isLive = false;
  let last = 0;
  /** Where the log stands, as far as it is known. */
  let newest = 0;
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();

  function onFrame(frame: Frame): void {
    if (frame.seq !== null) newest = frame.seq;
    if (!isLive) return;
    // The replay reads the store, which may be ahead of the hub.
    if (frame.seq !== null && frame.seq <= last) return;
    last = frame.seq ?? last;
    stream.push(frame.bytes);
    if (frame.terminal && jobId !== null) finish();
  }

  const listening = await source.hub.listen(source.owner, { jobId, onFrame });
  try {
    newest = Math.max(newest, listening.position);
    last = from.after ?? listening.position;
    if (from.announce) stream.write(positionFrame(listening.position));
    // A job's last event may be far before the log's: the replay has found all of it when nothing new came meanwhile.
    for (let seen = -1; last < newest && newest !== seen && !stream.closed; ) {
      seen = newest;
      const until = () => newest;
      const missed = await replay(source, stream, { after: last, until, jobId: jobId ?? undefined });
      last = missed.after;
      if (missed.terminal && jobId !== null) finish();
    }
    isLive = true;
    await Promise.race([over, stream.ended]);
    return last;
  } finally {
    listening.stop();
  }
}
