import type { Socket } from "node:net";
import { type Call, frames, Outgoing, type Reply } from "./protocol.ts";
import type { Peer } from "./window.ts";

/** Bytes of unread answers beyond which a process gets no more until it has read some. */
const BEHIND_BYTES = 8 * 1024 * 1024;
/** Most bytes that a process may leave unread; beyond that it counts as dead, and its connection is closed. */
const MAX_UNREAD_BYTES = 128 * 1024 * 1024;

/** The writer's end of one process's connection. Messages of one turn are sent together. */
export class Connection implements Peer {
  /** The worker that sends heartbeats over it, and so ends with this connection. */
  worker: string | null = null;
  readonly topics = new Set<string>();
  readonly #socket: Socket;
  readonly #outgoing = new Outgoing();
  readonly #pushes = new Map<string, unknown[]>();

  constructor(
    socket: Socket,
    onCalls: (connection: Connection, calls: Call[]) => void,
    onEnd: (connection: Connection) => void,
    onRead: () => void,
  ) {
    this.#socket = socket;
    socket.on(
      "data",
      frames(
        (calls: Call[]) => onCalls(this, calls),
        () => socket.destroy(),
      ),
    );
    socket.on("drain", onRead);
    // The close event that follows a reset says enough.
    socket.on("error", () => {});
    socket.on("close", () => onEnd(this));
  }

  reply(reply: Exclude<Reply, ["push", ...unknown[]]>): void {
    const why = this.#outgoing.add(reply);
    if (why === null) return;
    // Only for the caller.
    const message = `The answer is too large to be sent. ${why}`;
    this.#outgoing.add(["error", reply[1], { code: "payload_too_large", message, retryable: false }]);
  }

  push(channel: string, message: unknown): void {
    const waiting = this.#pushes.get(channel);
    if (waiting) waiting.push(message);
    else this.#pushes.set(channel, [message]);
  }

  /** So much is unread that further answers must wait. */
  get isBehind(): boolean {
    return this.#socket.writableLength + this.#outgoing.length > BEHIND_BYTES;
  }

  send(): void {
    for (const [channel, messages] of this.#pushes) this.#outgoing.add(["push", channel, messages]);
    this.#pushes.clear();
    for (const frame of this.#outgoing.take()) if (this.#socket.writable) this.#socket.write(frame);
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroySoon();
  }
}
