import type { Socket } from "node:net";
import { type Call, frames, Outgoing, type Reply } from "./protocol.ts";
import type { Peer } from "./window.ts";

/** Unread answers of a process beyond which it gets no others until it has read them. */
const BEHIND_BYTES = 8 * 1024 * 1024;
/** What a process may leave unread before it is taken for dead: its connection is ended then. */
const MAX_UNREAD_BYTES = 128 * 1024 * 1024;

/** The writer's end of one process's connection. What it says in one turn goes out together. */
export class Connection implements Peer {
  /** Known by its heartbeats: the worker whose end the end of this connection tells. */
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
    // A reset says no more than the close that follows it.
    socket.on("error", () => {});
    socket.on("close", () => onEnd(this));
  }

  reply(reply: Exclude<Reply, ["push", ...unknown[]]>): void {
    const why = this.#outgoing.add(reply);
    if (why === null) return;
    // For whoever asked, and for nobody else.
    const message = `The answer is too large to be sent. ${why}`;
    this.#outgoing.add(["error", reply[1], { code: "payload_too_large", message, retryable: false }]);
  }

  push(channel: string, message: unknown): void {
    const waiting = this.#pushes.get(channel);
    if (waiting) waiting.push(message);
    else this.#pushes.set(channel, [message]);
  }

  /** So much waits to be read that further answers wait, too. */
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
