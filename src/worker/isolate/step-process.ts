/**
 * A process that runs steps for a worker. Its only connection is the channel to its worker; files are passed by path.
 * It exits when the channel closes, and kills everything that its steps started.
 */
import { Worker } from "node:worker_threads";
import type { Pipelines } from "../../engine/engine.ts";
import { PermanentError } from "../../pipeline/control.ts";
import { closeInherited } from "./inherited.ts";
import type { FromProcess, ToProcess } from "./messages.ts";
import { type Asked, type Line, processContext } from "./process-context.ts";
import { fromWire, toWire } from "./wire-error.ts";

const RESIDENT_MS = 200;

closeInherited();
let pipelines: Pipelines | null = null;
let calls = 0;
const asked = new Map<number, Asked>();
const running = new Map<number, AbortController>();

// The thread notices the worker's end even while a step blocks this one.
new Worker(new URL("./orphan-thread.ts", import.meta.url), {
  workerData: { parent: Number(process.argv[2]) },
}).unref();

function send(message: FromProcess): void {
  // The channel closes when the worker ends, and this process ends with it.
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

async function load({ loader, source }: Extract<ToProcess, { kind: "load" }>): Promise<void> {
  try {
    const module = (await import(loader)) as { loadStepPipelines(source: unknown): Promise<Pipelines> };
    pipelines = await module.loadStepPipelines(source);
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "refused", message: error instanceof Error ? error.message : String(error) });
  }
}

async function run(message: Extract<ToProcess, { kind: "run" }>): Promise<void> {
  const { attempt, data } = message;
  const stop = new AbortController();
  running.set(attempt, stop);
  try {
    const pipeline = pipelines?.get(message.pipeline, message.version);
    const step = pipeline?.steps.find(({ name }) => name === message.step);
    if (!step) {
      throw new Error(
        `The step ${message.step} of ${message.pipeline} cannot be loaded in a separate process. Export its pipeline from a module listed in MILLRACE_PIPELINES or millrace.config.`,
      );
    }
    const context = processContext(data, lineOf(attempt), stop.signal);
    const value = jsonCopy(await step.run(context as never));
    send({ kind: "succeeded", attempt, value });
  } catch (error) {
    const abandons = error instanceof PermanentError && error.abandonsWork;
    send({ kind: "failed", attempt, error: toWire(error), abandons });
  } finally {
    running.delete(attempt);
  }
}

function lineOf(attempt: number): Line {
  return {
    tell: (method, args) => send({ kind: "tell", attempt, method, args }),
    ask(method, args, compute) {
      const call = ++calls;
      const answered = Promise.withResolvers<unknown>();
      asked.set(call, { ...answered, compute });
      send({ kind: "call", attempt, call, method, args });
      return answered.promise;
    },
  };
}

/** Results are JSON anyway, and some values that JSON drops cannot be sent. */
function jsonCopy(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? null : JSON.parse(text);
}

async function compute(call: number): Promise<void> {
  try {
    send({ kind: "computed", call, value: await asked.get(call)!.compute!() });
  } catch (error) {
    send({ kind: "not-computed", call, error: toWire(error) });
  }
}

process.on("message", (message: ToProcess) => {
  switch (message.kind) {
    case "load":
      return void load(message);
    case "run":
      return void run(message);
    case "abort":
      return running.get(message.attempt)?.abort(fromWire(message.reason));
    case "compute":
      return void compute(message.call);
    case "answer":
      asked.get(message.call)?.resolve(message.value);
      break;
    case "refusal":
      asked.get(message.call)?.reject(fromWire(message.error));
      break;
  }
  asked.delete(message.call);
});

process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));

if (process.platform !== "linux") {
  setInterval(() => send({ kind: "resident", bytes: process.memoryUsage.rss() }), RESIDENT_MS).unref();
}
