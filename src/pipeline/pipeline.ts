import { z } from "zod";
import { FETCH_STEP } from "../domain/fetching.ts";
import type { Json } from "../domain/records.ts";
import type { AllContext, EachContext } from "./context.ts";
import { duration, LONGEST_MS, LONGEST_TIMER_MS } from "./durations.ts";
import {
  collectParts,
  type DataOf,
  type JoinContext,
  type NewPart,
  type PartContext,
  type Parts,
  partLimit,
} from "./parts.ts";

/** What files a pipeline takes. Sizes are bytes. */
export interface Accepts {
  /** Media types, known by content: `image/png`, or `*` for any. */
  mediaTypes: readonly string[];
  /** @default 0 */
  minFiles?: number;
  /** @default 50 */
  maxFiles?: number;
  /** @default 20 MiB */
  maxFileBytes?: number;
}

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

export interface PipelineOptions<Schema extends z.ZodType> {
  /** Lower-case letters, digits, `.` and `-`: `image.convert`. */
  name: string;
  /** A whole number; jobs keep the version they were created with. */
  version: number;
  title: string;
  description?: string;
  accepts?: Accepts;
  /** The options of a job. Served as JSON Schema, so describe each field. */
  options?: Schema;
  /** Results may be shared between users: a hit tells that somebody had the same file. @default false */
  shareable?: boolean;
  /** Part of the content key of every step: the versions of the tools that make the result. */
  tools?: Record<string, string>;
  /** Tasks that may be open in each of its queues before new jobs are refused. @default 10_000 */
  queueLimit?: number;
  /** How long results are kept after the job ended. @default the server's, 7 days */
  retentionMs?: number;
  /**
   * How long at least a job with dead letters keeps its files, so that they can be replayed.
   * @default `retentionMs` where the pipeline gives it, the server's otherwise: 30 days
   */
  deadLetterRetentionMs?: number;
}

type NoOptions = z.ZodObject<Record<string, never>>;

export interface Step {
  readonly name: string;
  readonly kind: "each" | "split" | "join" | "all";
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly backoff: { baseMs: number; maxMs: number };
  readonly concurrency: number;
  readonly cache: "inputs" | "never";
  readonly version: string;
  readonly keepMemos: boolean;
  readonly needs: "some" | "every";
  /** `null`: in the worker's own process. */
  readonly isolate: { memoryMiB: number } | null;
  // The context's type was checked when the step was defined.
  readonly run: (context: never) => unknown;
}

/** The part of a pipeline that engine, server and page read. */
export interface Pipeline {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly description: string;
  readonly accepts: Required<Accepts>;
  readonly options: z.ZodType;
  readonly shareable: boolean;
  readonly tools: Readonly<Record<string, string>>;
  readonly queueLimit: number;
  readonly retentionMs: number | null;
  readonly deadLetterRetentionMs: number | null;
  readonly steps: readonly Step[];
}

// biome-ignore lint/suspicious/noConfusingVoidType: a step without a return statement returns `void`.
type Returned<R> = R extends undefined | void ? null : R;

/** What clients of a pipeline send and get: a type alone, from which `millrace/client` knows jobs. */
interface ClientTypes<Options, Item, Result> {
  readonly "~types"?: { options: Options; item: Item; result: Result };
}

/**
 * A pipeline whose last step ran for each item: further steps follow per item, `all` fans in. `Sent` are the options
 * as clients send them.
 */
export interface EachPipeline<Options, Previous, Name extends string = string, Sent = unknown>
  extends JoinedPipeline<Options, Previous, Name, Sent> {
  each<R>(
    name: string,
    run: (context: EachContext<Options, Previous>) => Promise<R> | R,
    options?: StepOptions,
  ): EachPipeline<Options, Returned<R>, Name, Sent>;
  /** Splits each item into parts: the `each` steps that follow run once for every part, until a `join`. */
  split<Part extends NewPart>(
    name: string,
    run: (context: EachContext<Options, Previous>) => Promise<Parts<Part>> | Parts<Part>,
    options?: SplitOptions,
  ): SplitItem<Options, Previous, DataOf<Part>, null, Name, Sent>;
}

/** An item that was just split: its parts need a step. */
export interface SplitItem<
  Options,
  Before,
  Data,
  Previous = null,
  Name extends string = string,
  Sent = unknown,
> {
  each<R>(
    name: string,
    run: (context: PartContext<Options, Data, Previous>) => Promise<R> | R,
    options?: StepOptions,
  ): PartSteps<Options, Before, Data, Returned<R>, Name, Sent>;
}

/** Steps of parts. It is no pipeline before it has its `join`. */
export interface PartSteps<Options, Before, Data, Previous, Name extends string = string, Sent = unknown>
  extends SplitItem<Options, Before, Data, Previous, Name, Sent> {
  /** Runs once for the item, when all of its parts have ended. */
  join<R>(
    name: string,
    run: (context: JoinContext<Options, Data, Previous, Before>) => Promise<R> | R,
    options?: JoinOptions,
  ): JoinedPipeline<Options, Returned<R>, Name, Sent>;
}

/** A pipeline whose items were joined again, or that does not split them. A pipeline splits its items once. */
export interface JoinedPipeline<Options, Previous, Name extends string = string, Sent = unknown>
  extends Pipeline,
    ClientTypes<Sent, Previous, null> {
  readonly name: Name;
  each<R>(
    name: string,
    run: (context: EachContext<Options, Previous>) => Promise<R> | R,
    options?: StepOptions,
  ): JoinedPipeline<Options, Returned<R>, Name, Sent>;
  all<R>(
    name: string,
    run: (context: AllContext<Options, Previous, null>) => Promise<R> | R,
    options?: AllOptions,
  ): AllPipeline<Options, Previous, Returned<R>, Name, Sent>;
}

/** A pipeline past its fan-in: only `all` steps follow. */
export interface AllPipeline<Options, Item, Previous, Name extends string = string, Sent = unknown>
  extends Pipeline,
    ClientTypes<Sent, Item, Previous> {
  readonly name: Name;
  all<R>(
    name: string,
    run: (context: AllContext<Options, Item, Previous>) => Promise<R> | R,
    options?: AllOptions,
  ): AllPipeline<Options, Item, Returned<R>, Name, Sent>;
}

/**
 * Defines a pipeline. Add its steps with `.each` (once for every file) and `.all` (once, when every file
 * has ended). A step's return value is JSON; the next step gets it, typed, as `previous`.
 *
 * @example
 * definePipeline({ name: "shout", version: 1, title: "Shout", accepts: { mediaTypes: ["text/plain"] } })
 *   .each("upper", async (ctx) => (await ctx.read(ctx.file)).toString().toUpperCase())
 *   .all("join", async (ctx) => (await Array.fromAsync(ctx.items, (item) => item.result)).join("\n"));
 */
export function definePipeline<Schema extends z.ZodType = NoOptions, const Name extends string = string>(
  options: PipelineOptions<Schema> & { name: Name },
): EachPipeline<z.output<Schema>, null, Name, z.input<Schema>> {
  if (!/^[a-z0-9][a-z0-9.-]{0,79}$/.test(options.name)) {
    throw new TypeError(
      `The pipeline name "${options.name}" must be lower-case letters, digits, "." and "-".`,
    );
  }
  if (!Number.isInteger(options.version) || options.version < 1) {
    throw new TypeError(`The version of ${options.name} must be a whole number from 1.`);
  }
  return build({
    name: options.name,
    version: options.version,
    title: options.title,
    description: options.description ?? "",
    accepts: {
      mediaTypes: options.accepts?.mediaTypes ?? [],
      minFiles: options.accepts?.minFiles ?? 0,
      maxFiles: options.accepts?.maxFiles ?? (options.accepts ? 50 : 0),
      maxFileBytes: options.accepts?.maxFileBytes ?? 20 * 1024 * 1024,
    },
    options: options.options ?? z.object({}),
    shareable: options.shareable ?? false,
    tools: options.tools ?? {},
    queueLimit: options.queueLimit ?? 10_000,
    retentionMs: retention(options, "retentionMs"),
    deadLetterRetentionMs: retention(options, "deadLetterRetentionMs") ?? retention(options, "retentionMs"),
    steps: [],
  }) as EachPipeline<z.output<Schema>, null, Name, z.input<Schema>>;
}

type Retention = "retentionMs" | "deadLetterRetentionMs";

function retention(
  options: Pick<PipelineOptions<z.ZodType>, "name" | Retention>,
  name: Retention,
): number | null {
  const ms = options[name];
  return ms === undefined
    ? null
    : duration(ms, `The ${name} of ${options.name}`, { min: 0, max: LONGEST_MS });
}

/** The steps are added to a copy, so a prefix of a pipeline can be kept and continued in two ways. */
function build(pipeline: Pipeline): Pipeline {
  const add =
    (kind: Step["kind"]) =>
    (name: string, run: Step["run"], options: AllOptions & SplitOptions = {}) => {
      if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name)) {
        throw new TypeError(
          `The step name "${name}" of ${pipeline.name} must be lower-case letters, digits and "-".`,
        );
      }
      if (name === FETCH_STEP) {
        throw new TypeError(
          `The step name "${name}" of ${pipeline.name} is that of the step which fetches files by URL.`,
        );
      }
      if (pipeline.steps.some((step) => step.name === name)) {
        throw new TypeError(`${pipeline.name} has two steps named "${name}".`);
      }
      const steps = pipeline.steps;
      checkOrder(pipeline.name, steps, { name, kind });
      const step: Step = {
        name,
        kind,
        attempts: options.attempts ?? 3,
        ...times(`the step "${name}" of ${pipeline.name}`, options),
        concurrency: options.concurrency ?? 2,
        cache: kind === "split" ? "never" : (options.cache ?? (kind === "each" ? "inputs" : "never")),
        version: options.version ?? "1",
        keepMemos: options.keepMemos ?? false,
        needs: options.needs ?? "some",
        isolate: options.isolate ? { memoryMiB: ceiling(options.isolate.memoryMiB, name) } : null,
        run: kind === "split" ? splitting(run, name, options.maxParts) : run,
      };
      return build({ ...pipeline, steps: [...steps, step] });
    };
  const kinds = { each: add("each"), split: add("split"), join: add("join"), all: add("all") };
  return Object.assign({ ...pipeline }, kinds);
}

/** The step with its parts as a list, whichever process runs it. */
function splitting(run: Step["run"], name: string, asked: number | undefined): Step["run"] {
  const maxParts = partLimit(asked, `the step "${name}"`);
  return async (context) => collectParts(await run(context), { step: name, maxParts });
}

/** Throws where a step cannot follow those before it. The compiler tells most authors earlier. */
function checkOrder(
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

export type { Json };
