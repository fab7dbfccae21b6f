import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { MillraceError } from "../../errors.ts";
import { elapsedMs } from "./clock.ts";
import { type Line, openLine } from "./line.ts";
import { isRead, readerSocket } from "./protocol.ts";

export interface Writer {
  /** Where other processes of this machine reach it. */
  socketPath: string;
  /** Resolves when the writer has ended; to the error that ended it, if any. */
  ended: Promise<Error | null>;
  close(): Promise<void>;
}

/**
 * Starts the thread that owns the records of a data folder. The folder is locked while it runs.
 * @param options.publishes whether the embedded broker is in use
 */
export async function startWriter(options: { path: string; publishes: boolean }): Promise<Writer> {
  await mkdir(dirname(options.path), { recursive: true, mode: 0o700 }).catch((error: Error) => {
    const text = `The data folder ${dirname(options.path)} cannot be created: ${error.message}.`;
    throw new MillraceError("config_invalid", text, { cause: error });
  });
  // A private folder with a short name: a socket path has at most 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const socketPath = process.platform === "win32" ? `\\\\.\\pipe\\${folder}` : join(folder, "writer.sock");
  const threads: Thread[] = [];
  try {
    threads.push(await startThread(new URL("./writer.ts", import.meta.url), { ...options, socketPath }));
    threads.push(
      await startThread(new URL("./reader.ts", import.meta.url), {
        path: options.path,
        socketPath: readerSocket(socketPath),
      }),
    );
  } catch (error) {
    await closeAll(threads);
    await rm(folder, { recursive: true, force: true });
    throw openingError(options.path, error as Error);
  }
  const ended = Promise.race(threads.map((thread) => thread.ended)).finally(async () => {
    await closeAll(threads);
    await rm(folder, { recursive: true, force: true });
  });
  return {
    socketPath,
    ended,
    async close() {
      await closeAll(threads);
      await ended;
    },
  };
}

interface Thread {
  /** Resolves when it has ended; to the error that ended it, if any. */
  ended: Promise<Error | null>;
  close(): Promise<unknown>;
}

/** Resolves when the thread is ready; rejects if it fails before that. */
async function startThread(program: URL, workerData: object): Promise<Thread> {
  const thread = new Worker(program, { workerData });
  const ended = new Promise<Error | null>((resolve) => {
    thread.once("error", (error) => resolve(error as Error));
    thread.once("exit", () => resolve(null));
  });
  // An error of the thread rejects `once`; `ended` has it too.
  const first = await Promise.race([once(thread, "message").catch(() => ended), ended]);
  if (first instanceof Error) throw first;
  if (first === null) throw new Error("its thread ended");
  return {
    ended,
    close() {
      thread.postMessage("close");
      return ended;
    },
  };
}

/** The last one first: the writer checkpoints its log once nobody reads it. */
async function closeAll(threads: Thread[]): Promise<void> {
  for (const thread of threads.toReversed()) await thread.close();
}

function openingError(path: string, error: Error): MillraceError {
  const locked = /database is locked/.test(error.message);
  return new MillraceError(
    locked ? "config_invalid" : "unavailable",
    locked
      ? `The data folder ${dirname(path)} is in use by another Millrace; stop it, or choose another with MILLRACE_DATA.`
      : `The records in ${path} cannot be opened: ${error.message}.`,
    { cause: error },
  );
}

/** A process's connections to the writer and to its reader. */
export interface Client extends Line {
  /** The writer's clock. */
  now(): number;
}

export async function connectWriter(socketPath: string): Promise<Client> {
  const writer = await openLine(socketPath);
  const reader = await openLine(readerSocket(socketPath)).catch(async (error: unknown) => {
    await writer.close();
    throw error;
  });
  const close = async () => {
    await Promise.all([writer.close(), reader.close()]);
  };
  const closed = Promise.race([writer.closed, reader.closed]).then(close);
  let clockOffset = 0;
  writer.onPush("clock", (offsets: number[]) => {
    clockOffset = offsets.at(-1)!;
  });
  clockOffset = await writer.call<number>("clock");
  return {
    closed,
    isClosed: () => writer.isClosed() || reader.isClosed(),
    onPush: writer.onPush,
    now: () => Math.floor(elapsedMs() + clockOffset),
    call: (method, argument) => (isRead(method) ? reader : writer).call(method, argument),
    close,
  };
}
