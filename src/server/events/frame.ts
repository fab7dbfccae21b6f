import type { EventRecord } from "../../domain/records.ts";
import { isTerminal } from "../../domain/states.ts";
import type { DownloadProgress, LiveMessage } from "../../engine/messages/topics.ts";

/** An encoded event, built once and sent to every listener. */
export interface Frame {
  bytes: Buffer;
  jobId: string;
  /** Position in the owner's log. `null` for live events. */
  seq: number | null;
  /** The event ended the job, unless someone retries it. */
  terminal: boolean;
  /** For a piece of streamed text. */
  text?: TextPiece;
  /** Not part of a log, so it may come between any two other frames. */
  isApart?: true;
}

export interface TextPiece {
  index: number;
  attempt: number;
  part?: number;
  offset: number;
  text: string;
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

/** @param progress the job's latest known progress, which every event carries */
export function liveFrame(message: LiveMessage, progress: unknown): Frame {
  const { jobId, type, index, attempt } = message;
  const data = JSON.stringify({ jobId, index, attempt, progress, ...message.data });
  return {
    bytes: Buffer.from(`event: ${type}\ndata: ${data}\n\n`),
    jobId,
    seq: null,
    terminal: false,
    ...textOf(message),
  };
}

function textOf({ type, index, attempt, data }: LiveMessage): { text?: TextPiece } {
  const { text, offset, part } = data;
  // Older workers send no offset.
  if (type !== "text.delta" || typeof offset !== "number") return {};
  return { text: { index, attempt, offset, text: String(text), ...(typeof part === "number" && { part }) } };
}

/** @param notification as in the list. `null` if only the unread count changed */
export function noticeFrame(notification: { jobId: string | null } | null, unread: number): Frame {
  const jobId = notification?.jobId ?? null;
  const data = JSON.stringify({ jobId, progress: null, notification, unread });
  return {
    bytes: Buffer.from(`event: notification\ndata: ${data}\n\n`),
    jobId: jobId ?? "",
    seq: null,
    terminal: false,
    isApart: true,
  };
}

/** Progress of the downloads of a job's archive. */
export function downloadFrame({
  jobId,
  progress,
  owner: _,
  downloadedAt,
  ...archive
}: DownloadProgress): Frame {
  const at = downloadedAt !== undefined && { downloadedAt: new Date(downloadedAt).toISOString() };
  const data = JSON.stringify({ jobId, progress, archive: { ...archive, ...at } });
  return {
    bytes: Buffer.from(`event: archive.progress\ndata: ${data}\n\n`),
    jobId,
    seq: null,
    terminal: false,
    isApart: true,
  };
}

/** The client's cursor is not in the log (any more), so the client must reload the current state. */
export function resyncFrame(bounds: { first: number; last: number }): Buffer {
  return Buffer.from(
    `event: resync\ndata: ${JSON.stringify({ jobId: null, progress: null, ...bounds })}\n\n`,
  );
}

/**
 * An id without data is not an event. It only sets the client's resume position, so that a client that is
 * disconnected before its first event does not miss what happened meanwhile.
 */
export function positionFrame(seq: number): Buffer {
  return Buffer.from(`id: ${seq}\n\n`);
}

export const heartbeat = Buffer.from(": still here\n\n");
/** An initial comment makes proxies and browsers treat the stream as open. `retry` is in ms. */
export const opening = Buffer.from(": open\nretry: 1000\n\n");
