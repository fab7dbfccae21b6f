import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Json } from "../../domain/records.ts";
import { ChildDied, type IsolatedAttempt } from "../../engine/isolation.ts";
import { MillraceError } from "../../errors.ts";
import { bareEnvironment } from "./environment.ts";
import { memoryUse } from "./memory-use.ts";
import type { FromProcess, ToProcess } from "./messages.ts";
import { launchLine, limitMemory, lowerFurther, raiseToEnd, type Sandbox } from "./sandbox.ts";
import { fromWire, toWire } from "./wire-error.ts";
import { answering, dataOf, hear } from "./worker-side.ts";

/** How step processes find their pipelines. */
export interface StepSource {
  /** Module whose `loadStepPipelines(source)` gives the pipelines. */
  loader: string;
  /** Without credentials. */
  source: unknown;
}

/** One step process, as its worker sees it. */
export interface StepChild {
  readonly memoryMiB: number;
  readonly ready: Promise<void>;
  /** Runs one attempt. The child may take another one when `reusable` says so. */
  run(attempt: IsolatedAttempt): Promise<unknown>;
  /** It lives, its last step left nothing running, and it has not grown much. */
  readonly reusable: boolean;
  /** Kills it and everything it started, at once. */
  kill(): void;
  readonly ended: Promise<void>;
}

const WATCH_MS = 50;
const TAIL_CHARACTERS = 4_000;
const LAST_WORDS_MS = 200;
/** Ways in which allocators say that there is no more, in a message or on standard error. */
const OUT_OF_MEMORY = /out of memory|failed to allocate|allocation .*failed|cannot allocate|bad_alloc/i;
/** A child that died with so much of its ceiling in use died of it. */
const FULL = 0.9;

export function startChild(memoryMiB: number, from: StepSource, sandbox: Sandbox): StepChild {
  const ceiling = memoryMiB * 1024 * 1024;
  const [command, ...args] = launchLine(sandbox, [
    process.execPath,
    fileURLToPath(new URL("./step-process.ts", import.meta.url)),
    String(process.pid),
  ]);
  const child = spawn(command, args, {
    // A process group of its own, so that what a step starts is killed with it.
    detached: true,
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    serialization: "advanced",
    env: bareEnvironment(),
  });
  const tail = keepTail(child);
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let current: Attempt | null = null;
  let state: "alive" | "killed" | "dead" = "alive";
  let spoiled = false;
  let resident = 0;
  /** Most that was in use or allocated since the attempt began. */
  let peak = 0;
  /** Mapped by the runtime and not touched. */
  let reserved = 0;
  let attempts = 0;

  const send = (message: ToProcess) => void (state === "alive" && child.send(message, () => {}));
  const kill = () => {
    if (state === "alive") state = "killed";
    try {
      if (child.pid === undefined) return;
      process.kill(-child.pid, "SIGKILL");
      raiseToEnd(child.pid);
    } catch {
      // It has ended by itself.
    }
  };
  const excess = () =>
    new MillraceError(
      "too_much_memory",
      `The step needs more memory than its ceiling of ${memoryMiB} MiB. Send a smaller file, or raise isolate.memoryMiB of the step.`,
    );
  const look = () => {
    const use = state === "alive" && child.pid ? memoryUse(child.pid) : null;
    if (use) resident = use.resident;
    peak = Math.max(peak, resident, use ? use.mapped - reserved : 0);
    if (resident <= ceiling || !current) return;
    current.reject(excess());
    kill();
  };
  const end = (reason: Error) => {
    if (state === "dead") return;
    // The grandchildren of one that died by itself.
    kill();
    state = "dead";
    ready.reject(reason);
    current?.reject(OUT_OF_MEMORY.test(tail.text()) || peak > ceiling * FULL ? excess() : reason);
    ended.resolve();
  };

  child.once("error", (error) => end(unstarted(error.message)));
  child.once("exit", (code, signal) => {
    const how = signal ?? `code ${code}`;
    const died = () =>
      end(current ? new ChildDied(`The process of the step ended by itself (${how}).`) : unstarted(how));
    // Its last words may still be on their way.
    child.once("close", died);
    setTimeout(died, LAST_WORDS_MS).unref();
    kill();
  });
  child.on("message", (message: FromProcess) => {
    if (message.kind === "ready") {
      const use = child.pid ? memoryUse(child.pid) : null;
      reserved = use ? use.mapped - use.resident : 0;
      confine(child.pid!, memoryMiB, reserved, sandbox).then(ready.resolve, ready.reject);
    } else if (message.kind === "refused") end(unstarted(message.message));
    else if (message.kind === "resident") {
      resident = message.bytes;
      look();
    } else if (current) converse(current, message);
  });
  ready.promise.catch(() => {});
  send({ kind: "load", loader: from.loader, source: from.source });

  return {
    memoryMiB,
    ready: ready.promise,
    ended: ended.promise,
    kill,
    get reusable() {
      return state === "alive" && !spoiled && resident < ceiling / 2;
    },
    async run(attempt) {
      const { signal } = attempt;
      const outcome = Promise.withResolvers<unknown>();
      const stop = () => {
        outcome.reject(signal.reason);
        kill();
      };
      signal.throwIfAborted();
      peak = 0;
      tail.clear();
      signal.addEventListener("abort", stop, { once: true });
      current = { reject: outcome.reject, on: conversation(++attempts, attempt, send, outcome) };
      const watch = setInterval(look, WATCH_MS);
      try {
        return await outcome.promise;
      } catch (error) {
        spoiled ||= error instanceof Abandoned;
        if (error instanceof Abandoned) throw error.cause;
        if (error instanceof Error && OUT_OF_MEMORY.test(error.message)) throw excess();
        throw error;
      } finally {
        clearInterval(watch);
        signal.removeEventListener("abort", stop);
        current = null;
        look();
      }
    },
  };
}

interface Attempt {
  reject(reason: unknown): void;
  on(message: FromProcess): void;
}

/** Whatever a child says ends at most its own attempt. */
function converse(attempt: Attempt, message: FromProcess): void {
  try {
    attempt.on(message);
  } catch (error) {
    attempt.reject(error);
  }
}

/** The step failed and left work behind that still runs. */
class Abandoned extends Error {}

/** Starts an attempt; returns what to do with each message of the child. */
function conversation(
  attempt: number,
  { pipeline, step, context }: IsolatedAttempt,
  send: (message: ToProcess) => void,
  outcome: PromiseWithResolvers<unknown>,
): Attempt["on"] {
  const computing = new Map<number, PromiseWithResolvers<Json>>();
  const compute = (call: number) => {
    const computed = Promise.withResolvers<Json>();
    computing.set(call, computed);
    send({ kind: "compute", call });
    return computed.promise;
  };
  const answer = answering(context, compute);
  const { name, version } = pipeline;
  send({ kind: "run", attempt, pipeline: name, version, step: step.name, data: dataOf(context) });
  return (message) => {
    if ("attempt" in message && message.attempt !== attempt) return;
    switch (message.kind) {
      case "call":
        answer(message).then(
          (value) => send({ kind: "answer", call: message.call, value }),
          (error: unknown) => send({ kind: "refusal", call: message.call, error: toWire(error) }),
        );
        return;
      case "computed":
        return computing.get(message.call)?.resolve(message.value);
      case "not-computed":
        return computing.get(message.call)?.reject(fromWire(message.error));
      case "tell":
        return hear(context, message);
      case "succeeded":
        return outcome.resolve(message.value);
      case "failed": {
        const error = fromWire(message.error);
        return outcome.reject(message.abandons ? new Abandoned("", { cause: error }) : error);
      }
    }
  };
}

/** What is set once the process is up. */
async function confine(pid: number, memoryMiB: number, reserved: number, sandbox: Sandbox): Promise<void> {
  await lowerFurther(pid);
  if (sandbox.limitsMemory) await limitMemory(pid, memoryMiB, reserved);
}

/** Nobody's fault but the machine's: no attempt is charged. */
function unstarted(why: string): MillraceError {
  return new MillraceError("unavailable", `A process for the step cannot be started: ${why}`);
}

/** Passes on what the child writes to standard error, and remembers the end of it. */
function keepTail(child: ChildProcess): { text(): string; clear(): void } {
  let tail = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-TAIL_CHARACTERS);
    process.stderr.write(chunk);
  });
  return {
    text: () => tail,
    clear() {
      tail = "";
    },
  };
}
