import type { Socket } from "node:net";
import { type Call, encode, frames, type Reply } from "./protocol.ts";
import type { Peer } from "./window.ts";

/** The writer's end of one process's connection. What it says in one turn goes out as one frame. */
export class Connection implements Peer {
  /** Known by its heartbeats: the worker whose end the end of this connection tells. */
  worker: string | null = null;
  readonly topics = new Set<string>();
  readonly #socket: Socket;
  #replies: Reply[] = [];
  readonly #pushes = new Map<string, unknown[]>();

  constructor(
    socket: Socket,
    onCalls: (connection: Connection, calls: Call[]) => void,
    onEnd: (connection: Connection) => void,
  ) {
    this.#socket = socket;
    socket.on(
      "data",
      frames((calls: Call[]) => onCalls(this, calls)),
    );
    // A reset says no more than the close that follows it.
    socket.on("error", () => {});
    socket.on("close", () => onEnd(this));
  }

  reply(reply: Reply): void {
    this.#replies.push(reply);
  }

  push(channel: string, message: unknown): void {
    const waiting = this.#pushes.get(channel);
    if (waiting) waiting.push(message);
    else this.#pushes.set(channel, [message]);
  }

  send(): void {
    for (const [channel, messages] of this.#pushes) this.#replies.push(["push", channel, messages]);
    this.#pushes.clear();
    if (this.#replies.length === 0) return;
    if (this.#socket.writable) this.#socket.write(encode(this.#replies));
    this.#replies = [];
  }

  close(): void {
    this.#socket.destroySoon();
  }
}
