import type { FastifyReply } from "fastify";
import { MillraceError } from "../../errors.ts";
import type { Principal } from "../../http/principal.ts";
import type { Limits } from "../limits.ts";
import { heartbeat, opening } from "./frame.ts";
import { endRevoked } from "./revoked-streams.ts";

/** The open event streams of this process. */
export interface EventStreams {
  /** Takes the reply over from Fastify and starts a stream. It ends when the principal's session or key is revoked. */
  open(reply: FastifyReply, principal: Principal): EventStream;
  count(): number;
  /** Open streams of one owner. */
  countOf(owner: string): number;
  /** Bytes that clients have not read yet. */
  unread(): number;
  /** Ends all streams. Clients reconnect to another process. */
  close(): void;
}

export interface EventStream {
  readonly closed: boolean;
  /** Resolves when the stream has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Disconnects a client that does not keep up. It then resumes from the last event it received. */
  push(bytes: Buffer): void;
  /** For long replays. Wait for `drained` between writes. */
  write(bytes: Buffer): void;
  /** Resolves when the socket has taken what was written, or the stream has ended. */
  drained(): Promise<void>;
  end(): void;
}

interface OpenStream extends EventStream {
  /** When the client last read something, or fell behind. `null` if it has read everything. */
  stuckSince(): number | null;
  cut(): void;
}

/** Spreads heartbeats over this many turns, so that thousands of streams are not written to at once. */
const SLOTS = 60;
/** Seconds until a client that was refused a stream may try again. */
const RETRY_S = 5;
/** Fraction of the limit to which unread bytes are cut, so that streams are not sorted for each event. */
const CUT_TO = 3 / 4;

export function createEventStreams(limits: Limits): EventStreams {
  const slots = Array.from({ length: SLOTS }, () => new Set<OpenStream>());
  const owners = new Map<string, number>();
  const revoked = endRevoked();
  let next = 0;
  let turn = 0;
  let count = 0;
  let unread = 0;

  const timer = setInterval(() => {
    turn = (turn + 1) % SLOTS;
    for (const stream of slots[turn]!) stream.push(heartbeat);
  }, limits.heartbeatMs / SLOTS);
  timer.unref();

  /** Bounds unread bytes over all clients: cuts the streams that have been stuck the longest. */
  function onUnread(bytes: number): void {
    unread += bytes;
    if (bytes < 0 || unread <= limits.streamsBufferBytes) return;
    const stuck = slots
      .flatMap((slot) => [...slot])
      .filter((stream) => stream.stuckSince() !== null)
      .sort((a, b) => a.stuckSince()! - b.stuckSince()!);
    for (const stream of stuck) {
      if (unread <= limits.streamsBufferBytes * CUT_TO) return;
      stream.cut();
    }
  }

  function refuseMore({ owner, identity }: Principal): void {
    if (count >= limits.connections) {
      const text = `This server already has ${limits.connections} open event streams, its maximum.`;
      throw new MillraceError("unavailable", text, { retryAfter: RETRY_S });
    }
    const { streams: most = limits.ownerStreams } = identity?.user.quotas ?? {};
    if (most === null || (owners.get(owner) ?? 0) < most) return;
    throw new MillraceError(
      "quota_exceeded",
      `You have ${most} open event streams, the maximum. Close one, or follow all your jobs in one stream, /v1/events.`,
      { retryAfter: RETRY_S, extra: { quota: "streams", limit: most } },
    );
  }

  return {
    count: () => count,
    countOf: (owner) => owners.get(owner) ?? 0,
    unread: () => unread,
    open(reply, principal) {
      const { owner } = principal;
      refuseMore(principal);
      next = (next + 1) % SLOTS;
      const slot = slots[next]!;
      const stream = startStream(reply, limits.streamBufferBytes, onUnread);
      slot.add(stream);
      revoked.watch(stream, principal);
      count++;
      owners.set(owner, (owners.get(owner) ?? 0) + 1);
      void stream.ended.then(() => {
        slot.delete(stream);
        count--;
        const left = owners.get(owner)! - 1;
        if (left === 0) owners.delete(owner);
        else owners.set(owner, left);
      });
      return stream;
    },
    close() {
      clearInterval(timer);
      revoked.close();
      for (const slot of slots) for (const stream of slot) stream.end();
    },
  };
}

/** @param onUnread called with every change of the client's unread bytes */
function startStream(
  reply: FastifyReply,
  maxBuffered: number,
  onUnread: (bytes: number) => void,
): OpenStream {
  const { raw } = reply;
  // Include the headers that hooks have set (security headers). Fastify sends nothing after `hijack`.
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
  let unread = 0;
  let movedAt = 0;
  const taken = (bytes: number) => {
    movedAt = performance.now();
    // Cutting a stream already returned its unread bytes.
    const given = Math.min(bytes, unread);
    unread -= given;
    onUnread(-given);
  };
  const cut = () => {
    raw.destroy();
    taken(unread);
  };
  const ended = new Promise<void>((resolve) => {
    raw.once("close", () => {
      closed = true;
      taken(unread);
      resolve();
    });
  });
  const isOver = () => closed || raw.destroyed || raw.writableEnded;
  const write = (bytes: Buffer) => {
    if (isOver()) return;
    if (unread === 0) movedAt = performance.now();
    unread += bytes.length;
    raw.write(bytes, () => taken(bytes.length));
    onUnread(bytes.length);
  };

  return {
    ended,
    get closed() {
      return isOver();
    },
    write,
    push(bytes) {
      write(bytes);
      if (raw.writableLength > maxBuffered) cut();
    },
    async drained() {
      if (isOver() || !raw.writableNeedDrain) return;
      const drain = new Promise<void>((resolve) => raw.once("drain", resolve));
      await Promise.race([drain, ended]);
    },
    end() {
      if (!isOver()) raw.end();
    },
    stuckSince: () => (unread > 0 ? movedAt : null),
    cut,
  };
}
