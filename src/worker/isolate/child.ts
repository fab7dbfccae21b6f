import type { ChildProcess } from "node:child_process";
import { ChildDied, type StepAttempt } from "../../engine/isolation.ts";
import { MillraceError } from "../../errors.ts";
import { Abandoned, type Conversation, converse } from "./conversation.ts";
import { bareEnvironment } from "./environment.ts";
import { memoryUse } from "./memory-use.ts";
import type { FromProcess, ToProcess } from "./messages.ts";
import { launchLine, limitMemory, lowerFurther, type Sandbox } from "./sandbox.ts";
import { killGroup, type StepSource, spawnStepProcess, stepProcess, unstarted } from "./spawn.ts";

/** One step process, as its worker sees it. */
export interface StepChild {
  readonly memoryMiB: number;
  readonly ready: Promise<void>;
  /** Runs one attempt. The child may take another one when `reusable` says so. */
  run(attempt: StepAttempt): Promise<unknown>;
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
  const child = spawnStepProcess(launchLine(sandbox, stepProcess), {
    env: bareEnvironment(),
    stderr: "pipe",
  });
  const tail = keepTail(child);
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let current: Conversation | null = null;
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
    killGroup(child);
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
    } else current?.on(message);
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
      current = converse(++attempts, attempt, send, outcome);
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

/** What is set once the process is up. */
async function confine(pid: number, memoryMiB: number, reserved: number, sandbox: Sandbox): Promise<void> {
  await lowerFurther(pid);
  if (sandbox.limitsMemory) await limitMemory(pid, memoryMiB, reserved);
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
