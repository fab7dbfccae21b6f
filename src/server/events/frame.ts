import type { EventRecord } from "../../domain/records.ts";
import { isTerminal } from "../../domain/states.ts";
import type { LiveMessage } from "../../engine/messages/topics.ts";

/** One event as it goes over the wire: written once, sent to everybody who listens. */
export interface Frame {
  bytes: Buffer;
  jobId: string;
  /** Its place in the owner's log; `null` for what is live only. */
  seq: number | null;
  /** The job has ended with it, unless it is reopened. */
  terminal: boolean;
}

export function logFrame(event: EventRecord): Frame {
  const data = JSON.stringify({ jobId: event.jobId, at: new Date(event.at).toISOString(), ...event.data });
  return {
    bytes: Buffer.from(`id: ${event.seq}\nevent: ${event.type}\ndata: ${data}\n\n`),
    jobId: event.jobId,
    seq: event.seq,
    terminal: isTerminal(event.type),
  };
}

/** @param progress the job's, as its last event told it: every event carries one */
export function liveFrame(message: LiveMessage, progress: unknown): Frame {
  const { jobId, type, index, attempt } = message;
  const data = JSON.stringify({ jobId, index, attempt, progress, ...message.data });
  return {
    bytes: Buffer.from(`event: ${type}\ndata: ${data}\n\n`),
    jobId,
    seq: null,
    terminal: false,
  };
}

/** The client's cursor is not in the log any more (or was never): it reads the present state anew. */
export function resyncFrame(bounds: { first: number; last: number }): Buffer {
  return Buffer.from(
    `event: resync\ndata: ${JSON.stringify({ jobId: null, progress: null, ...bounds })}\n\n`,
  );
}

/**
 * An id without data is no event: it only tells the client from where to resume, so that what happens
 * between connecting and the first event is not missed when the connection is cut just then.
 */
export function positionFrame(seq: number): Buffer {
  return Buffer.from(`id: ${seq}\n\n`);
}

export const heartbeat = Buffer.from(": still here\n\n");
/** A first comment makes proxies and browsers show the stream as open; `retry` is in ms. */
export const opening = Buffer.from(": open\nretry: 1000\n\n");
