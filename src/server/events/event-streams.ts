import type { FastifyReply } from "fastify";
import { MillraceError } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import { heartbeat, opening } from "./frame.ts";

/** The event streams that are open in this process. */
export interface EventStreams {
  /** Takes the reply over from Fastify and begins the stream. */
  open(reply: FastifyReply): EventStream;
  count(): number;
  /** Ends all; clients connect anew, to another process. */
  close(): void;
}

export interface EventStream {
  readonly closed: boolean;
  /** Resolves when the stream has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** A client that does not keep up is cut: it resumes from the last event it got. */
  push(bytes: Buffer): void;
  /** For long replays, which wait until the client has taken what was written. */
  write(bytes: Buffer): void;
  /** Resolves when what was written is on its way, or the stream has ended. */
  drained(): Promise<void>;
  end(): void;
}

/** Heartbeats are spread over so many turns, so that thousands of streams are not written to at once. */
const SLOTS = 60;

export function createEventStreams(limits: Limits): EventStreams {
  const slots = Array.from({ length: SLOTS }, () => new Set<EventStream>());
  let next = 0;
  let turn = 0;
  let count = 0;

  const timer = setInterval(() => {
    turn = (turn + 1) % SLOTS;
    for (const stream of slots[turn]!) stream.push(heartbeat);
  }, limits.heartbeatMs / SLOTS);
  timer.unref();

  return {
    count: () => count,
    open(reply) {
      if (count >= limits.connections) {
        throw new MillraceError(
          "unavailable",
          `This server holds ${limits.connections} event streams already.`,
          {
            retryAfter: 5,
          },
        );
      }
      next = (next + 1) % SLOTS;
      const slot = slots[next]!;
      const stream = startStream(reply, limits.streamBufferBytes, () => {
        slot.delete(stream);
        count--;
      });
      slot.add(stream);
      count++;
      return stream;
    },
    close() {
      clearInterval(timer);
      for (const slot of slots) for (const stream of slot) stream.end();
    },
  };
}

function startStream(reply: FastifyReply, maxBuffered: number, onClose: () => void): EventStream {
  const { raw } = reply;
  // What hooks have set (security headers) goes along; Fastify itself sends nothing after this.
  const headers = reply.getHeaders() as Record<string, string>;
  reply.hijack();
  raw.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  raw.write(opening);

  let closed = false;
  const ended = new Promise<void>((resolve) => {
    raw.once("close", () => {
      closed = true;
      onClose();
      resolve();
    });
  });

  return {
    ended,
    get closed() {
      return closed || raw.writableEnded;
    },
    write(bytes) {
      if (!closed && !raw.writableEnded) raw.write(bytes);
    },
    push(bytes) {
      if (closed || raw.writableEnded) return;
      raw.write(bytes);
      if (raw.writableLength > maxBuffered) raw.destroy();
    },
    async drained() {
      if (closed || raw.writableEnded || !raw.writableNeedDrain) return;
      const drain = new Promise<void>((resolve) => raw.once("drain", resolve));
      await Promise.race([drain, ended]);
    },
    end() {
      if (!closed && !raw.writableEnded) raw.end();
    },
  };
}
