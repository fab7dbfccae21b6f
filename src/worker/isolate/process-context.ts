import { createReadStream, createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline as flow } from "node:stream/promises";
import type { Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import { aiOver } from "../../pipeline/ai-calls.ts";
import type { StepBudget, TurnOptions } from "../../pipeline/budget.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import type {
  Artifact,
  AsyncList,
  NearDuplicate,
  NewFile,
  StepContext,
  StepLog,
  Submission,
} from "../../pipeline/context.ts";
import { Snooze } from "../../pipeline/control.ts";
import { collectWarnings } from "../../pipeline/warnings.ts";
import { type Called, type ContextData, type ListData, listNames, type Told } from "./messages.ts";

/** A call that the worker has not answered yet. */
export interface Asked extends Pick<PromiseWithResolvers<unknown>, "resolve" | "reject"> {
  compute: (() => Promise<Json>) | undefined;
}

/** The channel of one attempt to its worker. */
export interface Line {
  tell(method: Told, args: unknown[]): void;
  ask(method: Called, args: unknown[], compute?: () => Promise<Json>): Promise<unknown>;
}

/** Largest output sent over the channel, in bytes; a larger one goes through a file. */
const CHANNEL_BYTES = 512 * 1024;
const PROGRESS_MS = 50;

/** A step's context in a step process: plain members as sent, the rest through calls to the worker. */
export function processContext(sent: ContextData, { tell, ask }: Line, signal: AbortSignal): object {
  const { aiModels, ...data } = sent;
  const warnings = collectWarnings();
  let spooled = 0;
  let spool: Promise<string> | undefined;
  const path = (file: { artifactId: string }) =>
    ask("path", [{ artifactId: file.artifactId }]) as Promise<string>;

  const methods: Omit<StepContext<unknown>, keyof typeof data> = {
    signal,
    log: logTo(tell),
    progress: throttled((...args) => tell("progress", args)),
    delta: (text: string) => tell("delta", [text]),
    warn(code: string, message: string) {
      // Throws here what the worker would throw.
      warnings.warn(code, message);
      tell("warn", [code, message]);
    },
    path,
    read: async (file: { artifactId: string }) => readFile(await path(file)),
    stream: async (file: { artifactId: string }) => createReadStream(await path(file)),
    folder: () => ask("folder", []) as Promise<string>,
    reserveMemory: (bytes: number) => ask("reserveMemory", [bytes]) as Promise<void>,
    submit: (key: string, pipeline: string | { name: string }, work?: Submission) =>
      ask("submit", [key, typeof pipeline === "string" ? pipeline : pipeline.name, work]) as Promise<{
        jobId: string;
      }>,
    lookup: <T>({ name }: Catalog<T>, key: string) => ask("lookup", [name, key]) as Promise<T | undefined>,
    turn: (budget: StepBudget, options?: TurnOptions) => ask("turn", [budget, options]) as Promise<void>,
    async refused(budget: StepBudget, afterMs: number) {
      await ask("refused", [budget, afterMs]);
      return new Snooze(afterMs);
    },
    async write({ data: content, ...file }: NewFile): Promise<Artifact> {
      if (Buffer.isBuffer(content) && content.length <= CHANNEL_BYTES) {
        return (await ask("write", [{ ...file, data: content }])) as Artifact;
      }
      spool ??= ask("folder", []) as Promise<string>;
      const spoolPath = join(await spool, `output-${spooled++}`);
      if (Buffer.isBuffer(content)) await writeFile(spoolPath, content);
      else await flow(content, createWriteStream(spoolPath));
      return (await ask("write", [{ ...file, path: spoolPath }])) as Artifact;
    },
    pass: ({ artifactId }: { artifactId: string }) => ask("pass", [{ artifactId }]) as Promise<Artifact>,
    publish: ({ artifactId }: { artifactId: string }) => ask("publish", [{ artifactId }]) as Promise<string>,
    nearDuplicates: (
      { artifactId }: { artifactId: string },
      turned: readonly string[],
      options?: { limit?: number },
    ) => ask("nearDuplicates", [{ artifactId }, turned, options]) as Promise<NearDuplicate[]>,
    async thread<In, Out>(module: URL, input: In): Promise<Out> {
      const { threadPool } = await import("../../engine/threads.ts");
      threads ??= threadPool();
      return threads.run(module, input, signal);
    },
    ai: aiOver(aiModels as readonly string[], (call) => ask("ai", [call])),
    async once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T> {
      // Rethrows the original error instead of its copy from the channel.
      let failure: { error: unknown } | null = null;
      const compute = () =>
        fn().catch((error: unknown) => {
          failure = { error };
          throw error;
        });
      return ask("once", [key], compute).catch((error: unknown) => {
        throw failure ? failure.error : error;
      }) as Promise<T>;
    },
  };
  const context: ContextData = { ...data, ...methods };
  for (const name of listNames) {
    if (data[name]) context[name] = asyncList(data[name] as ListData, ask);
  }
  // A getter, so that a job without files fails only when the file is read.
  if (data.file !== null) return context;
  return Object.defineProperty(context, "file", {
    get() {
      throw new MillraceError(
        "invalid_request",
        `The step ${String(data.step)} reads a file, but the job was created without one.`,
      );
    },
  });
}

let iterators = 0;

/** Fetches entries one by one, so that neither process holds them all. */
function asyncList({ list, length }: ListData, ask: Line["ask"]): AsyncList<unknown> {
  return {
    length,
    [Symbol.asyncIterator]() {
      const id = ++iterators;
      return { next: () => ask("next", [list, id]) as Promise<IteratorResult<unknown>> };
    },
  };
}

/** Shared by all attempts of this process. */
let threads: import("../../engine/threads.ts").Threads | undefined;

function logTo(tell: Line["tell"]): StepLog {
  const at = (level: keyof StepLog) => (message: string, details?: object) =>
    tell("log", [level, message, details && JSON.parse(JSON.stringify(details))]);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The worker throttles too; this reduces traffic on the channel. */
function throttled(send: (fraction: number, message?: string) => void) {
  let last = 0;
  return (fraction: number, message?: string) => {
    const now = performance.now();
    if (last > 0 && now - last < PROGRESS_MS && fraction < 1) return;
    last = now;
    send(fraction, message);
  };
}
