import type { Batch } from "./batch.ts";
import { duration, LONGEST_MS, LONGEST_TIMER_MS } from "./durations.ts";
import { collectParts, partLimit } from "./parts.ts";

export interface StepOptions {
  /** Maximum number of attempts. @default 3 */
  attempts?: number;
  /** Time limit of an attempt in ms, at most 2_147_483_647 (24 days). @default 300_000 (5 min) */
  timeoutMs?: number;
  /** Wait before the second attempt in ms, doubled for each further one. @default 1_000, at most 60_000 */
  backoff?: { baseMs?: number; maxMs?: number };
  /** Concurrent tasks of this step in one worker process. @default 2 */
  concurrency?: number;
  /**
   * `"inputs"`: the same bytes with the same options give the same result, so compute it once. `"never"`: the step has
   * side effects, or its result varies. @default "inputs" for `each`, "never" for `all` and `join`
   */
  cache?: "inputs" | "never";
  /** With `cache: "inputs"`: the order of the inputs does not matter. @default false */
  unordered?: boolean;
  /** A replay reuses what `ctx.once` recorded in earlier runs. @default false */
  keepMemos?: boolean;
  /** Change it when the same inputs give a different result than before. @default "1" */
  version?: string;
  /**
   * Runs each attempt in its own child process, which is killed at once when the attempt is canceled, times out or
   * needs more memory than `memoryMiB` (`too_much_memory`). Use it for native decoders, and for anything that cannot be
   * stopped otherwise. The process has low priority, no credentials and, if the operating system supports it, no
   * network. A module listed in the settings must export its pipeline.
   */
  isolate?: {
    /** Memory that the process can use, including about 70 MiB for Node. @default 1_024 */
    memoryMiB?: number;
  };
}

export interface AllOptions<Options = unknown> extends StepOptions {
  /** Run if some items succeeded, or only if all did. @default "some" */
  needs?: "some" | "every";
  /**
   * With `cache: "inputs"`: the options with which the items in reverse order give the same result, so that both orders
   * share a cache entry. For steps that treat the first and last items differently, such as a portrait of two people.
   * The step must return the same for both.
   * @default the order counts
   */
  reversed?(options: Options): Options;
}

/** A split is never cached. The steps of its parts may be. */
export interface SplitOptions extends Omit<StepOptions, "cache" | "version"> {
  /** Maximum number of parts of one item. An item with more fails with `too_many_parts`. @default 10_000 */
  maxParts?: number;
}

/** `cache` is `"never"` by default. */
export interface JoinOptions extends StepOptions {
  /** Run if some parts succeeded, or only if all did. @default "some" */
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
  /** The equivalent options for the items in reverse order; `null` if the order counts. */
  readonly reversed: ((options: never) => unknown) | null;
  readonly keepMemos: boolean;
  readonly needs: "some" | "every";
  /** `null`: runs in the worker's own process. */
  readonly isolate: { memoryMiB: number } | null;
  /** `null`: one call per task. */
  readonly batch: Batch | null;
  // The context's type was checked when the step was defined.
  readonly run: (context: never) => unknown;
}

/** Fills in the defaults of a step's options. */
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
    reversed: options.reversed ?? null,
    keepMemos: options.keepMemos ?? false,
    needs: options.needs ?? "some",
    batch: options.batch ?? null,
    isolate: options.isolate ? { memoryMiB: ceiling(options.isolate.memoryMiB, name) } : null,
    run: kind === "split" ? splitting(run, name, options.maxParts) : run,
  };
}

/** Returns the parts of a split as a list, whichever process runs it. */
function splitting(run: Step["run"], name: string, asked: number | undefined): Step["run"] {
  const maxParts = partLimit(asked, `the step "${name}"`);
  return async (context) => collectParts(await run(context), { step: name, maxParts });
}

/** Throws if a step cannot follow the previous ones. The compiler catches most cases earlier. */
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
  if (kind === "split" && unjoined) refuse(`splits cannot be nested, and "${unjoined.name}" has no join yet`);
  if (kind === "split" && steps.some((step) => step.kind === "split"))
    refuse("a pipeline can split its items only once");
  if (kind === "all" && unjoined) refuse(`the split "${unjoined.name}" has no join yet`);
  if (kind === "join" && !unjoined) refuse("there is no split to join");
  if (kind === "join" && last === "split") refuse("the parts need an `each` step first");
}

/** The split whose parts have not been joined yet. */
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

/** Node and a decoder need about 100 MiB before they do any work. */
const LEAST_MEMORY_MIB = 128;

function ceiling(memoryMiB = 1_024, step: string): number {
  if (memoryMiB >= LEAST_MEMORY_MIB && Number.isSafeInteger(memoryMiB)) return memoryMiB;
  throw new TypeError(
    `isolate.memoryMiB of the step "${step}" must be a whole number of at least ${LEAST_MEMORY_MIB}.`,
  );
}
