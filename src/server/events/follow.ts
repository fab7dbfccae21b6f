import type { JobRecord } from "../../domain/records.ts";
import { progressOf } from "../../domain/views.ts";
import type { Store } from "../../ports/store/store.ts";
import type { EventHub } from "./event-hub.ts";
import type { EventStream } from "./event-streams.ts";
import { type Frame, liveFrame, logFrame, positionFrame, resyncFrame } from "./frame.ts";
import type { ReplayTurns } from "./replay-turns.ts";
import { textCatchUp } from "./text-catch-up.ts";

type Log = Pick<Store, "events" | "logBounds" | "job">;

export interface Source {
  hub: EventHub;
  store: Log;
  replays: ReplayTurns;
  owner: string;
}

const PAGE = 200;

/** Follows all of an owner's jobs, from after `cursor`, or from now. Returns when the stream has ended. */
export async function followOwner(source: Source, stream: EventStream, cursor: number | null): Promise<void> {
  const after = cursor === null ? null : await resume(source, stream, cursor);
  await followLive(source, stream, { job: null, after, announce: cursor === null || after === null });
}

/**
 * Follows one job: sends its whole log, or what comes after `cursor`, and ends after the job's last event. The log of
 * a finished job is only read from the store, because nothing follows unless the job is retried.
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
      after = await followLive(source, stream, { job: present, after, announce: after === null });
    } else {
      if (after === null) break;
      const replayed = await replay(source, stream, { jobId: job.id, after });
      // We read the job's end before its log, so the replay includes everything up to it.
      if (replayed.terminal !== false) break;
      after = replayed.after;
    }
    present = await source.store.job({ owner: source.owner, id: job.id });
  }
  stream.end();
}

/** Returns the cursor, or `null` after a `resync` if the log no longer has it: the client then starts from now. */
async function resume(source: Source, stream: EventStream, cursor: number): Promise<number | null> {
  const bounds = await source.store.logBounds({ owner: source.owner });
  if (cursor >= bounds.first - 1 && cursor <= bounds.last) return cursor;
  stream.write(resyncFrame(bounds));
  return null;
}

interface Replayed {
  /** The last event sent, or the starting position. */
  after: number;
  /** Whether the last event sent ended the job. `null` if none was sent. */
  terminal: boolean | null;
}

/**
 * Sends events from the store at the client's pace, with at most one page in memory.
 * @param from.until position after which it may stop. @default the end of the log
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
    // No await before this return: from here on, the caller sends events as they arrive.
    if (from.until && after >= from.until()) break;
    await stream.drained();
  }
  return { after, terminal };
}

/**
 * Joins the live end without a gap or a repeat, and without holding events in memory: events that arrive during the
 * replay are not sent, but read from the store as well, until none arrived meanwhile. For a job, returns after its
 * last event.
 */
async function followLive(
  source: Source,
  stream: EventStream,
  from: { job: JobRecord | null; after: number | null; announce: boolean },
): Promise<number> {
  const jobId = from.job?.id ?? null;
  const texts = from.job && textsOf(source, stream, from.job);
  let isLive = false;
  let last = 0;
  /** The log's latest known position. */
  let newest = 0;
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();

  function onFrame(frame: Frame): void {
    if (frame.isApart) return stream.push(frame.bytes);
    if (frame.seq !== null) newest = frame.seq;
    // Text pieces wait on their own until the client has the text before them.
    if (frame.text && texts) return texts.on(frame);
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
    // A job's last event may be far before the log's end, so the replay also stops when nothing new arrived meanwhile.
    for (let seen = -1; last < newest && newest !== seen && !stream.closed; ) {
      seen = newest;
      const until = () => newest;
      const missed = await replay(source, stream, { after: last, until, jobId: jobId ?? undefined });
      last = missed.after;
      if (missed.terminal && jobId !== null) finish();
    }
    isLive = true;
    texts?.start();
    await Promise.race([over, stream.ended]);
    return last;
  } finally {
    listening.stop();
    texts?.close();
  }
}

/** Sends the texts that a job streams to one client. */
function textsOf({ hub, owner }: Source, stream: EventStream, job: JobRecord) {
  const from = { owner, jobId: job.id, type: "text.delta" as const };
  return textCatchUp({
    ask: (onText) => hub.askTexts(owner, job.id, onText),
    push: ({ bytes }) => stream.push(bytes),
    frameOf: ({ index, attempt, part, offset, text }) =>
      liveFrame(
        { ...from, index, attempt, data: { text, offset, ...(part !== undefined && { part }) } },
        progressOf(job),
      ),
  });
}
