import { once } from "node:events";
import { connect } from "node:net";
import { catalogue, type ErrorCode, MillraceError } from "../../errors.ts";
import { type Call, frames, Outgoing, type Reply, type WireError } from "./protocol.ts";

/** A connection to the writer, or to its reader. */
export interface Line {
  call<T>(method: string, argument?: unknown): Promise<T>;
  onPush(channel: string, handler: (messages: never[]) => void): void;
  /** Resolves when the connection has ended for any reason. */
  readonly closed: Promise<void>;
  isClosed(): boolean;
  close(): Promise<void>;
}

export async function openLine(socketPath: string): Promise<Line> {
  const socket = connect(socketPath);
  const pending = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  const handlers = new Map<string, (messages: never[]) => void>();
  let outgoing: Call[] = [];
  let lastId = 0;
  let isClosed = false;

  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      for (const { reject } of pending.values()) reject(ended());
      pending.clear();
      resolve();
    });
  });
  socket.on("error", () => {});
  socket.on(
    "data",
    frames(
      (replies: Reply[]) => {
        for (const [kind, to, value] of replies) {
          if (kind === "push") {
            handlers.get(to)?.(value as never[]);
            continue;
          }
          const call = pending.get(to);
          pending.delete(to);
          if (kind === "ok") call?.resolve(value as never);
          else call?.reject(toError(value));
        }
      },
      () => socket.destroy(),
    ),
  );
  await Promise.race([once(socket, "connect"), closed]);
  if (isClosed) throw new MillraceError("unavailable", `Nothing answers at ${socketPath}.`);

  const send = () => {
    const calls = outgoing;
    outgoing = [];
    const sending = new Outgoing();
    for (const call of calls) {
      const why = sending.add(call);
      if (why === null) continue;
      const [id, method] = call;
      const text = `The call "${method}" cannot be made. ${why}`;
      pending.get(id)?.reject(new MillraceError("payload_too_large", text));
      pending.delete(id);
    }
    for (const frame of sending.take()) socket.write(frame);
  };

  return {
    closed,
    isClosed: () => isClosed,
    onPush: (channel, handler) => handlers.set(channel, handler),
    call(method, argument) {
      if (isClosed) return Promise.reject(ended());
      return new Promise((resolve, reject) => {
        pending.set(++lastId, { resolve, reject });
        // Calls made in this turn of the event loop are sent together.
        if (outgoing.push([lastId, method, argument]) === 1) setImmediate(send);
      });
    },
    async close() {
      if (outgoing.length > 0) send();
      socket.end();
      await closed;
    },
  };
}

function ended(): MillraceError {
  return new MillraceError("closed", "The connection to the records has ended.");
}

function toError({ code, message, retryable }: WireError): MillraceError {
  return new MillraceError(code in catalogue ? (code as ErrorCode) : "internal", message, { retryable });
}
