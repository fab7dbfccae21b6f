import type { ChildProcess } from "node:child_process";
import { ChildDied, type StepAttempt } from "../../engine/isolation.ts";
import { StepTimeout } from "../../engine/step-timeout.ts";
import { MillraceError } from "../../errors.ts";
import { Abandoned, type Conversation, converse } from "./conversation.ts";
import { bareEnvironment } from "./environment.ts";
import { MemoryWatch } from "./memory-watch.ts";
import type { FromProcess, ToProcess } from "./messages.ts";
import { passOn } from "./output.ts";
import { processorMs } from "./processor-time.ts";
import { launchLine, limitMemory, lowerFurther, type Sandbox } from "./sandbox.ts";
import { killGroup, type StepSource, spawnStepProcess, stepProcess, unstarted } from "./spawn.ts";

/** One step process, as its worker sees it. */
export interface StepChild {
  readonly memoryMiB: number;
  readonly ready: Promise<void>;
  /** Runs one attempt. The child can take another one while `reusable` is true. */
  run(attempt: StepAttempt): Promise<unknown>;
  /** It is alive, its last step left nothing running, and it has not grown much. */
  readonly reusable: boolean;
  /** Kills it and everything it started, at once. */
  kill(): void;
  readonly ended: Promise<void>;
}

const WATCH_MS = 50;
const LAST_WORDS_MS = 200;
/** A child that is not ready by then is given up, however busy the machine is. */
const START_MS = 120_000;
/** How allocators report that memory is exhausted, in a message or on standard error. */
const OUT_OF_MEMORY = /out of memory|failed to allocate|allocation .*failed|cannot allocate|bad_alloc/i;
/**
 * If a step used the CPU for this fraction of its time, nothing else slowed it down: it needs more time than its limit.
 */
const COMPUTED = 0.5;

export function startChild(memoryMiB: number, from: StepSource, sandbox: Sandbox): StepChild {
  const child = spawnStepProcess(launchLine(sandbox, stepProcess), {
    env: bareEnvironment(),
    output: "pipe",
  });
  const output = passOn(child);
  const memory = new MemoryWatch(child.pid, memoryMiB * 1024 * 1024);
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let current: Conversation | null = null;
  let state: "alive" | "killed" | "dead" = "alive";
  let spoiled = false;
  let attempts = 0;

  const send = (message: ToProcess) => void (state === "alive" && child.send(message, () => {}));
  const kill = () => {
    if (state === "alive") state = "killed";
    killGroup(child);
  };
  const look = () => {
    memory.look(state === "alive");
    if (!memory.isOver || !current) return;
    current.reject(excess(memoryMiB));
    kill();
  };
  const end = (reason: Error) => {
    if (state === "dead") return;
    // Kills the children it left behind, in case it died by itself.
    kill();
    state = "dead";
    ready.reject(reason);
    current?.reject(OUT_OF_MEMORY.test(output.tail()) || memory.wasFull ? excess(memoryMiB) : reason);
    ended.resolve();
  };

  child.once("error", (error) => end(unstarted(error.message)));
  child.once("exit", (code, signal) => {
    const how = signal ?? `code ${code}`;
    const died = () =>
      end(current ? new ChildDied(`The step's process exited unexpectedly (${how}).`) : unstarted(how));
    // Its last output may still be on its way.
    child.once("close", died);
    setTimeout(died, LAST_WORDS_MS).unref();
    kill();
  });
  child.on("message", (message: FromProcess) => {
    if (message.kind === "ready") {
      confine(child.pid!, memoryMiB, memory.ready(), sandbox).then(ready.resolve, ready.reject);
    } else if (message.kind === "refused") end(unstarted(message.message));
    else if (message.kind === "resident") {
      memory.told(message.bytes);
      look();
    } else current?.on(message);
  });
  const late = setTimeout(
    () => end(unstarted(`it was not ready after ${START_MS / 1000} s`)),
    START_MS,
  ).unref();
  ready.promise.catch(() => {}).finally(() => clearTimeout(late));
  send({ kind: "load", loader: from.loader, source: from.source });

  return {
    memoryMiB,
    ready: ready.promise,
    ended: ended.promise,
    kill,
    get reusable() {
      return state === "alive" && !spoiled && memory.isSmall;
    },
    async run(attempt) {
      const { signal } = attempt;
      const outcome = Promise.withResolvers<unknown>();
      signal.throwIfAborted();
      const computed = meter(child);
      const stop = () => {
        outcome.reject(final(signal.reason, computed()));
        kill();
      };
      memory.begin();
      output.begin();
      signal.addEventListener("abort", stop, { once: true });
      current = converse(++attempts, attempt, send, outcome);
      const watch = setInterval(look, WATCH_MS);
      try {
        return await outcome.promise;
      } catch (error) {
        spoiled ||= error instanceof Abandoned;
        if (error instanceof Abandoned) throw error.cause;
        if (error instanceof Error && OUT_OF_MEMORY.test(error.message)) throw excess(memoryMiB);
        throw error;
      } finally {
        clearInterval(watch);
        signal.removeEventListener("abort", stop);
        current = null;
        memory.end();
        look();
      }
    },
  };
}

function excess(memoryMiB: number): MillraceError {
  return new MillraceError(
    "too_much_memory",
    `The step needs more memory than its limit of ${memoryMiB} MiB. Send a smaller file, or raise isolate.memoryMiB of the step.`,
  );
}

/** Applies the limits that can only be set once the process runs. */
async function confine(pid: number, memoryMiB: number, reserved: number, sandbox: Sandbox): Promise<void> {
  await lowerFurther(pid);
  if (sandbox.limitsMemory) await limitMemory(pid, memoryMiB, reserved);
}

/** CPU time used by the child since then, ms; 0 if unknown. */
function meter({ pid }: ChildProcess): () => number {
  const used = () => (pid === undefined ? null : processorMs(pid));
  const before = used();
  return () => Math.max(0, (used() ?? 0) - (before ?? Number.POSITIVE_INFINITY));
}

/** A timeout that the step itself caused would recur at every attempt. */
function final(reason: unknown, computedMs: number): unknown {
  if (!(reason instanceof StepTimeout) || computedMs < reason.limitMs * COMPUTED) return reason;
  return new StepTimeout(reason.step, reason.limitMs, computedMs);
}
