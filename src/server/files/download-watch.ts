import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import type { JobRecord } from "../../domain/records.ts";
import { progressOf } from "../../domain/views.ts";
import type { Engine } from "../../engine/engine.ts";
import { type DownloadProgress, topics } from "../../engine/messages/topics.ts";

/** Publishes the progress of the archive downloads that this process serves, and records complete ones. */
export interface DownloadWatch {
  /** Follows a response until it closes. */
  follow(job: JobRecord, download: FollowedDownload): void;
  /** Resolves when all complete downloads are recorded. */
  close(): Promise<void>;
}

export interface FollowedDownload {
  /** Not sent yet. */
  response: ServerResponse;
  /** The client's connection. */
  socket: Socket;
  /** Size of the whole archive. */
  totalBytes: number;
  /** Bytes that the client has already, if it resumes a download. */
  hadBytes: number;
}

interface Sending {
  totalBytes: number;
  sentBytes(): number;
  /** Whether the client has disconnected too early. */
  isLost(): boolean;
}

interface WatchedJob {
  job: JobRecord;
  sending: Set<Sending>;
  /** Time of a complete download that no message has mentioned yet. */
  downloadedAt: number | null;
  /** The last message. */
  published: string;
  /** Ticks since the last message. */
  silent: number;
}

/** At most one message per job in this time, however many downloads it has. */
const TICK_MS = 500;
/** The progress of a stalled download is repeated after so many ticks, for pages opened in the meantime. */
const REPEAT_TICKS = 10;

export function watchDownloads(
  { bus, archiveDownloads }: Pick<Engine, "bus" | "archiveDownloads">,
  logger: FastifyBaseLogger,
): DownloadWatch {
  const jobs = new Map<string, WatchedJob>();
  const recording = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    for (const [id, watched] of jobs) {
      // A response that waits for its turn on a connection emits no event if that closes.
      for (const one of watched.sending) if (one.isLost()) watched.sending.delete(one);
      publish(watched);
      if (watched.sending.size === 0) jobs.delete(id);
    }
    if (jobs.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function publish(watched: WatchedJob): void {
    const { job, sending, downloadedAt, published } = watched;
    const sum = (bytes: (one: Sending) => number) => [...sending].reduce((all, one) => all + bytes(one), 0);
    const message: DownloadProgress = {
      ...{ owner: job.owner, jobId: job.id, progress: progressOf(job), downloads: sending.size },
      sentBytes: sum((one) => one.sentBytes()),
      totalBytes: sum((one) => one.totalBytes),
      ...(downloadedAt !== null && { downloadedAt }),
    };
    const text = JSON.stringify(message);
    if (text === published && ++watched.silent < REPEAT_TICKS) return;
    Object.assign(watched, { published: text, silent: 0, downloadedAt: null });
    // Best effort, like all live messages.
    bus.publish(topics.downloads, text).catch(() => {});
  }

  function begin(job: JobRecord): WatchedJob {
    timer ??= setInterval(tick, TICK_MS).unref();
    const known = jobs.get(job.id);
    const watched = known ?? { job, sending: new Set(), downloadedAt: null, published: "", silent: 0 };
    jobs.set(job.id, watched);
    return watched;
  }

  async function record(watched: WatchedJob): Promise<void> {
    try {
      watched.downloadedAt = await archiveDownloads.record(watched.job);
    } catch (error) {
      logger.warn({ err: error, jobId: watched.job.id }, "the download of an archive could not be recorded");
    }
  }

  return {
    follow(job, { response, socket, totalBytes, hadBytes }) {
      const watched = begin(job);
      const before = socket.bytesWritten;
      let isWhole = false;
      const sending: Sending = {
        totalBytes,
        sentBytes() {
          // `bytesWritten` includes what is still buffered, and the headers.
          const sent = socket.bytesWritten - before - socket.writableLength;
          return Math.min(totalBytes, hadBytes + Math.max(0, sent));
        },
        isLost: () => socket.destroyed && !isWhole,
      };
      watched.sending.add(sending);
      // Also emitted if the client disconnects before the last bytes are sent.
      response.once("finish", () => {
        isWhole = !socket.destroyed;
      });
      response.once("close", () => {
        // It counts as in progress until it is recorded, so that one message has its end and its time.
        const ended = (isWhole ? record(watched) : Promise.resolve()).then(() => {
          watched.sending.delete(sending);
          recording.delete(ended);
        });
        recording.add(ended);
      });
    },
    async close() {
      clearInterval(timer);
      await Promise.all(recording);
    },
  };
}
