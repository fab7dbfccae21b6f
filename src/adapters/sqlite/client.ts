import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { catalogue, type ErrorCode, MillraceError } from "../../errors.ts";
import { elapsedMs } from "./clock.ts";
import { type Call, frames, Outgoing, type Reply } from "./protocol.ts";

export interface Writer {
  /** Where other processes of this machine reach it. */
  socketPath: string;
  /** Resolves when the writer has ended, with what ended it if that was an error. */
  ended: Promise<Error | null>;
  close(): Promise<void>;
}

/**
 * Starts the thread that owns the records of a data folder. The folder is locked while it lives.
 * @param options.publishes whether the embedded broker is in use
 */
export async function startWriter(options: { path: string; publishes: boolean }): Promise<Writer> {
  await mkdir(dirname(options.path), { recursive: true, mode: 0o700 }).catch((error: Error) => {
    const text = `The data folder ${dirname(options.path)} cannot be made: ${error.message}.`;
    throw new MillraceError("config_invalid", text, { cause: error });
  });
  // A private folder with a short name: the address of a socket has at most 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const socketPath = process.platform === "win32" ? `\\\\.\\pipe\\${folder}` : join(folder, "writer.sock");
  const thread = new Worker(new URL("./writer.ts", import.meta.url), {
    workerData: { ...options, socketPath },
  });
  const ended = new Promise<Error | null>((resolve) => {
    thread.once("error", (error) => resolve(error as Error));
    thread.once("exit", () => resolve(null));
  }).finally(() => rm(folder, { recursive: true, force: true }));
  // An error of the thread rejects `once`; `ended` has it too.
  const first = await Promise.race([once(thread, "message").catch(() => ended), ended]);
  if (first instanceof Error || first === null) throw openingError(options.path, first);
  return {
    socketPath,
    ended,
    async close() {
      thread.postMessage("close");
      await ended;
    },
  };
}

function openingError(path: string, error: Error | null): MillraceError {
  const locked = /database is locked/.test(error?.message ?? "");
  return new MillraceError(
    locked ? "config_invalid" : "unavailable",
    locked
      ? `The data folder ${dirname(path)} is in use by another Millrace; stop it, or choose another with MILLRACE_DATA.`
      : `The records in ${path} cannot be opened: ${error?.message ?? "the writer ended"}.`,
    { cause: error },
  );
}

/** A process's line to the writer. */
export interface Client {
  call<T>(method: string, argument?: unknown): Promise<T>;
  onPush(channel: string, handler: (messages: never[]) => void): void;
  /** The writer's clock. */
  now(): number;
  /** Resolves when the line has ended, however it did. */
  readonly closed: Promise<void>;
  isClosed(): boolean;
  close(): Promise<void>;
}

export async function connectWriter(socketPath: string): Promise<Client> {
  const socket = connect(socketPath);
  const pending = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  const handlers = new Map<string, (messages: never[]) => void>();
  let outgoing: Call[] = [];
  let lastId = 0;
  let isClosed = false;

  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      const error = new MillraceError("closed", "The connection to the records has ended.");
      for (const { reject } of pending.values()) reject(error);
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
  let clockOffset = 0;
  const client: Client = {
    closed,
    isClosed: () => isClosed,
    onPush: (channel, handler) => handlers.set(channel, handler),
    now: () => Math.floor(elapsedMs() + clockOffset),
    call(method, argument) {
      if (isClosed)
        return Promise.reject(new MillraceError("closed", "The connection to the records has ended."));
      return new Promise((resolve, reject) => {
        pending.set(++lastId, { resolve, reject });
        // Everything that is asked in this turn of the event loop leaves together.
        if (outgoing.push([lastId, method, argument]) === 1) setImmediate(send);
      });
    },
    async close() {
      if (outgoing.length > 0) send();
      socket.end();
      await closed;
    },
  };
  client.onPush("clock", (offsets: number[]) => {
    clockOffset = offsets.at(-1)!;
  });
  clockOffset = await client.call<number>("clock");
  return client;
}

function toError({
  code,
  message,
  retryable,
}: {
  code: string;
  message: string;
  retryable: boolean;
}): MillraceError {
  return new MillraceError(code in catalogue ? (code as ErrorCode) : "internal", message, { retryable });
}
