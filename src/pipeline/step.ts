import type { Batch } from "./batch.ts";
import { duration, LONGEST_MS, LONGEST_TIMER_MS } from "./durations.ts";
import { collectParts, partLimit } from "./parts.ts";

export interface StepOptions {
  /** Tries in all. @default 3 */
  attempts?: number;
  /** A try is ended after this time, at most 2_147_483_647 (24 days). @default 300_000 (5 min) */
  timeoutMs?: number;
  /** Wait before the second try, doubled for each further one. @default 1_000, at most 60_000 */
  backoff?: { baseMs?: number; maxMs?: number };
  /** Tasks of this step at once in one worker process. @default 2 */
  concurrency?: number;
  /**
   * `"inputs"`: the same bytes with the same options give the same result, so that it is computed once.
   * `"never"`: it has effects, or its result changes. @default "inputs" for `each`, "never" for `all` and `join`
   */
  cache?: "inputs" | "never";
  /** With `cache: "inputs"`: the inputs A and B give the same result as B and A. @default false */
  unordered?: boolean;
  /** A replay finds what `ctx.once` kept in an earlier run, instead of asking again. @default false */
  keepMemos?: boolean;
  /** Change it when the same inputs give another result than before. @default "1" */
  version?: string;
  /**
   * Run each attempt in a child process of its own, which is killed at once when the attempt is canceled or times
   * out, and when it needs more memory than `memoryMiB` (`too_much_memory`). For native decoders and for anything
   * that cannot be stopped otherwise. The process has low priority, no credentials and, where the operating system
   * allows that, no network. Its pipeline must be exported by a module that the settings name.
   */
  isolate?: {
    /** Memory that the process may have in use, Node's own 70 MiB included. @default 1_024 */
    memoryMiB?: number;
  };
}

export interface AllOptions extends StepOptions {
  /** Run when some items succeeded, or only when every one did. @default "some" */
  needs?: "some" | "every";
}

/** A split is never cached: its parts and their steps are. */
export interface SplitOptions extends Omit<StepOptions, "cache" | "version"> {
  /** Parts that it may make of one item; an item of more fails with `too_many_parts`. @default 10_000 */
  maxParts?: number;
}

/** `cache` is `"never"` by default. */
export interface JoinOptions extends StepOptions {
  /** Run when some parts succeeded, or only when every one did. @default "some" */
  needs?: "some" | "every";
}

export interface Step {
  readonly name: string;
  readonly kind: "each" | "split" | "join" | "all";
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly backoff: { baseMs: number; maxMs: number };
  readonly concurrency: number;
  readonly cache: "inputs" | "never";
  readonly version: string;
  readonly unordered: boolean;
  readonly keepMemos: boolean;
  readonly needs: "some" | "every";
  /** `null`: in the worker's own process. */
  readonly isolate: { memoryMiB: number } | null;
  /** `null`: each task has a call of its own. */
  readonly batch: Batch | null;
  // The context's type was checked when the step was defined.
  readonly run: (context: never) => unknown;
}

/** Of a pipeline, with what its options leave open. */
export function stepOf(
  pipeline: string,
  { name, kind, run }: Pick<Step, "name" | "kind" | "run">,
  options: AllOptions & SplitOptions & { batch?: Batch },
): Step {
  return {
    name,
    kind,
    attempts: options.attempts ?? 3,
    ...times(`the step "${name}" of ${pipeline}`, options),
    concurrency: options.concurrency ?? 2,
    cache: kind === "split" ? "never" : (options.cache ?? (kind === "each" ? "inputs" : "never")),
    version: options.version ?? "1",
    unordered: options.unordered ?? false,
    keepMemos: options.keepMemos ?? false,
    needs: options.needs ?? "some",
    batch: options.batch ?? null,
    isolate: options.isolate ? { memoryMiB: ceiling(options.isolate.memoryMiB, name) } : null,
    run: kind === "split" ? splitting(run, name, options.maxParts) : run,
  };
}

/** The step with its parts as a list, whichever process runs it. */
function splitting(run: Step["run"], name: string, asked: number | undefined): Step["run"] {
  const maxParts = partLimit(asked, `the step "${name}"`);
  return async (context) => collectParts(await run(context), { step: name, maxParts });
}

/** Throws where a step cannot follow those before it. The compiler tells most authors earlier. */
export function checkOrder(
  pipeline: string,
  steps: readonly Step[],
  { name, kind }: Pick<Step, "name" | "kind">,
): void {
  const refuse = (why: string) => {
    throw new TypeError(`The step "${name}" of ${pipeline} cannot be here: ${why}.`);
  };
  const last = steps.at(-1)?.kind;
  const unjoined = openSplit(steps);
  if (last === "all" && kind !== "all") refuse("only `all` steps follow an `all` step");
  if (kind === "split" && unjoined) refuse(`splits do not nest, and "${unjoined.name}" has no join yet`);
  if (kind === "split" && steps.some((step) => step.kind === "split"))
    refuse("a pipeline splits its items once");
  if (kind === "all" && unjoined) refuse(`the split "${unjoined.name}" has no join yet`);
  if (kind === "join" && !unjoined) refuse("there is no split that it could join");
  if (kind === "join" && last === "split") refuse("the parts need an `each` step first");
}

/** The split whose parts are not joined yet. */
export function openSplit(steps: readonly Step[]): Step | undefined {
  const last = steps.findLast(({ kind }) => kind === "split" || kind === "join");
  return last?.kind === "split" ? last : undefined;
}

function times(step: string, { timeoutMs, backoff }: StepOptions): Pick<Step, "timeoutMs" | "backoff"> {
  const wait = { min: 0, max: LONGEST_MS };
  return {
    timeoutMs: duration(timeoutMs ?? 300_000, `The timeoutMs of ${step}`, { min: 1, max: LONGEST_TIMER_MS }),
    backoff: {
      baseMs: duration(backoff?.baseMs ?? 1_000, `The backoff.baseMs of ${step}`, wait),
      maxMs: duration(backoff?.maxMs ?? 60_000, `The backoff.maxMs of ${step}`, wait),
    },
  };
}

/** Node and a decoder take some 100 MiB before they have done anything. */
const LEAST_MEMORY_MIB = 128;

function ceiling(memoryMiB = 1_024, step: string): number {
  if (memoryMiB >= LEAST_MEMORY_MIB && Number.isSafeInteger(memoryMiB)) return memoryMiB;
  throw new TypeError(
    `isolate.memoryMiB of the step "${step}" must be a whole number of at least ${LEAST_MEMORY_MIB}.`,
  );
}
