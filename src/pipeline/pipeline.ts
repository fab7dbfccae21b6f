import { z } from "zod";
import { FETCH_STEP } from "../domain/fetching.ts";
import type { Json } from "../domain/records.ts";
import { type Accepted, type AcceptedData, type Accepts, accepted, type SentData } from "./accepts.ts";
import { type Batch, type BatchOptions, batchOf, type RunBatch, runAlone } from "./batch.ts";
import type { Catalog } from "./catalog.ts";
import type { AllContext, EachContext } from "./context.ts";
import { duration, LONGEST_MS } from "./durations.ts";
import type { JsonResult } from "./json-result.ts";
import type { DataOf, JoinContext, NewPart, PartContext, Parts } from "./parts.ts";
import { type PipelineSchedule, type ScheduleDefinition, schedulesOf } from "./schedule.ts";
import {
  type AllOptions,
  checkOrder,
  type JoinOptions,
  type SplitOptions,
  type Step,
  type StepOptions,
  stepOf,
} from "./step.ts";

export interface PipelineOptions<Schema extends z.ZodType, Accepting extends Accepts = Accepts> {
  /** Lowercase letters, digits, `.` and `-`, such as `image.convert`. */
  name: string;
  /** A whole number. Jobs keep the version that they were created with. */
  version: number;
  title: string;
  description?: string;
  /** Files, data, or either. @default neither: a job has one item without input */
  accepts?: Accepting;
  /** The options of a job. Served as JSON Schema, so describe each field. */
  options?: Schema;
  /** Replaces another pipeline of the same name and version, such as a built-in one. @default false */
  replaces?: boolean;
  /**
   * Hides the pipeline from clients. Only steps (`ctx.submit`), its own schedules, programs that embed Millrace, and
   * operators can start its jobs. @default false
   */
  internal?: boolean;
  /** Schedules that start jobs of the owner `system`. @default none */
  schedules?: readonly ScheduleDefinition[];
  /** Catalogs that its steps can look up. @default none */
  catalogs?: readonly Catalog[];
  /**
   * Share cached results between owners. A hit reveals that someone else had the same file. Never applies when accounts
   * are on. @default false
   */
  shareable?: boolean;
  /** Versions of the tools that make the result. Part of the content key of every step. */
  tools?: Record<string, string>;
  /** Number of open tasks in any one of its queues at which new jobs are refused. @default 10_000 */
  queueLimit?: number;
  /** How long results are kept after the job ends, in ms. @default the server's, 7 days */
  retentionMs?: number;
  /**
   * Deletes the files and data of a job's items once the job succeeds, rather than with its other files. Files that
   * steps wrote and files in options are kept.
   */
  deleteInputs?: "onSuccess";
  /**
   * How long, at least, a job with dead letters keeps its files so that they can be replayed, in ms.
   * @default `retentionMs` if the pipeline sets it, else the server's: 30 days
   */
  deadLetterRetentionMs?: number;
}

type NoOptions = z.ZodObject<Record<string, never>>;

/** The part of a pipeline that the engine, the server and the page read. */
export interface Pipeline {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly description: string;
  readonly accepts: Accepted;
  readonly options: z.ZodType;
  readonly replaces: boolean;
  readonly internal: boolean;
  readonly schedules: readonly PipelineSchedule[];
  readonly catalogs: readonly Catalog[];
  readonly shareable: boolean;
  readonly tools: Readonly<Record<string, string>>;
  readonly queueLimit: number;
  readonly deleteInputs: boolean;
  readonly retentionMs: number | null;
  readonly deadLetterRetentionMs: number | null;
  readonly steps: readonly Step[];
}

// biome-ignore lint/suspicious/noConfusingVoidType: a step without a return statement returns `void`.
type Returned<R> = R extends undefined | void ? null : Widened<R>;

/** What an `all` step returns is the job's result: clients know its literals. */
// biome-ignore lint/suspicious/noConfusingVoidType: a step without a return statement returns `void`.
type Kept<R> = R extends undefined | void ? null : R;

/** A step that returns `"text"` returns text: the constraint on results makes the compiler infer the literal type. */
type Widened<R> = R extends string ? string : R extends number ? number : R extends boolean ? boolean : R;

/** What clients of a pipeline send and get. Exists only as a type, from which `millrace/client` infers job types. */
interface ClientTypes<Sent extends AnySent, Item, Result> {
  readonly "~types"?: { options: Sent["options"]; data: Sent["data"]; item: Item; result: Result };
}

export interface SentTo<Schema extends z.ZodType, Accepting> {
  options: z.input<Schema>;
  data: SentData<Accepting>;
}

/** Options and data as clients send them: before their schemas have parsed them. */
interface AnySent {
  options: unknown;
  data: unknown;
}

/**
 * A pipeline whose last step runs per item. More per-item steps may follow; `all` fans in. `Sent` is what clients send.
 */
export interface EachPipeline<
  Options,
  Previous,
  Name extends string = string,
  Sent extends AnySent = AnySent,
  Data = null,
> extends JoinedPipeline<Options, Previous, Name, Sent, Data> {
  each<R extends JsonResult<R>>(
    name: string,
    run: (context: EachContext<Options, Previous, Data>) => Promise<R> | R,
    options?: StepOptions,
  ): EachPipeline<Options, Returned<R>, Name, Sent, Data>;
  /** Splits each item into parts: the `each` steps that follow run once for every part, until a `join`. */
  split<Part extends NewPart>(
    name: string,
    run: (context: EachContext<Options, Previous, Data>) => Promise<Parts<Part>> | Parts<Part>,
    options?: SplitOptions,
  ): SplitItem<Options, Previous, DataOf<Part>, null, Name, Sent, Data>;
  /** Collects tasks of this step, from any jobs and owners, and handles them in one call. */
  batch<R extends JsonResult<R>>(
    name: string,
    options: BatchOptions & Omit<StepOptions, "isolate">,
    run: RunBatch<Options, Previous, Data, R>,
  ): EachPipeline<Options, Returned<R>, Name, Sent, Data>;
}

/** An item that was just split: its parts need a step. `Given` is the data of the item itself. */
export interface SplitItem<
  Options,
  Before,
  Data,
  Previous = null,
  Name extends string = string,
  Sent extends AnySent = AnySent,
  Given = null,
> {
  each<R extends JsonResult<R>>(
    name: string,
    run: (context: PartContext<Options, Data, Previous>) => Promise<R> | R,
    options?: StepOptions,
  ): PartSteps<Options, Before, Data, Returned<R>, Name, Sent, Given>;
}

/** Steps of parts. Not a complete pipeline until its `join`. */
export interface PartSteps<
  Options,
  Before,
  Data,
  Previous,
  Name extends string = string,
  Sent extends AnySent = AnySent,
  Given = null,
> extends SplitItem<Options, Before, Data, Previous, Name, Sent, Given> {
  /** Runs once for the item, when all of its parts have ended. */
  join<R extends JsonResult<R>>(
    name: string,
    run: (context: JoinContext<Options, Data, Previous, Before, Given>) => Promise<R> | R,
    options?: JoinOptions,
  ): JoinedPipeline<Options, Returned<R>, Name, Sent, Given>;
}

/** A pipeline that has joined its parts again, or that never splits items. A pipeline splits its items only once. */
export interface JoinedPipeline<
  Options,
  Previous,
  Name extends string = string,
  Sent extends AnySent = AnySent,
  Data = null,
> extends Pipeline,
    ClientTypes<Sent, Previous, null> {
  readonly name: Name;
  each<R extends JsonResult<R>>(
    name: string,
    run: (context: EachContext<Options, Previous, Data>) => Promise<R> | R,
    options?: StepOptions,
  ): JoinedPipeline<Options, Returned<R>, Name, Sent, Data>;
  /** The same as before a split. */
  batch<R extends JsonResult<R>>(
    name: string,
    options: BatchOptions & Omit<StepOptions, "isolate">,
    run: RunBatch<Options, Previous, Data, R>,
  ): JoinedPipeline<Options, Returned<R>, Name, Sent, Data>;
  all<R extends JsonResult<R>>(
    name: string,
    run: (context: AllContext<Options, Previous, null, Data>) => Promise<R> | R,
    options?: AllOptions<Options>,
  ): AllPipeline<Options, Previous, Kept<R>, Name, Sent, Data>;
}

/** A pipeline past its fan-in: only `all` steps follow. */
export interface AllPipeline<
  Options,
  Item,
  Previous,
  Name extends string = string,
  Sent extends AnySent = AnySent,
  Data = null,
> extends Pipeline,
    ClientTypes<Sent, Item, Previous> {
  readonly name: Name;
  all<R extends JsonResult<R>>(
    name: string,
    run: (context: AllContext<Options, Item, Previous, Data>) => Promise<R> | R,
    options?: AllOptions<Options>,
  ): AllPipeline<Options, Item, Kept<R>, Name, Sent, Data>;
}

/**
 * Defines a pipeline. Add its steps with `.each` (runs once per file) and `.all` (runs once, when every file has
 * ended). A step returns JSON, which the next step gets, typed, as `previous`.
 *
 * @example
 * definePipeline({ name: "shout", version: 1, title: "Shout", accepts: { mediaTypes: ["text/plain"] } })
 *   .each("upper", async (ctx) => (await ctx.read(ctx.file)).toString().toUpperCase())
 *   .all("join", async (ctx) => (await Array.fromAsync(ctx.items, (item) => item.result)).join("\n"));
 */
export function definePipeline<
  Schema extends z.ZodType = NoOptions,
  const Name extends string = string,
  const Accepting extends Accepts = Record<never, never>,
>(
  options: PipelineOptions<Schema, Accepting> & { name: Name },
): EachPipeline<z.output<Schema>, null, Name, SentTo<Schema, Accepting>, AcceptedData<Accepting>> {
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
    accepts: accepted(options.name, options.accepts),
    options: options.options ?? z.object({}),
    replaces: options.replaces ?? false,
    internal: options.internal ?? false,
    schedules: schedulesOf(options.name, options.schedules ?? []),
    catalogs: options.catalogs ?? [],
    shareable: options.shareable ?? false,
    tools: options.tools ?? {},
    queueLimit: options.queueLimit ?? 10_000,
    deleteInputs: options.deleteInputs === "onSuccess",
    retentionMs: retention(options, "retentionMs"),
    deadLetterRetentionMs: retention(options, "deadLetterRetentionMs") ?? retention(options, "retentionMs"),
    steps: [],
  }) as EachPipeline<z.output<Schema>, null, Name, SentTo<Schema, Accepting>, AcceptedData<Accepting>>;
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

/** Each call copies the steps, so a prefix of a pipeline can be kept and continued in two ways. */
function build(pipeline: Pipeline): Pipeline {
  const add =
    (kind: Step["kind"]) =>
    (name: string, run: Step["run"], options: AllOptions & SplitOptions & { batch?: Batch } = {}) => {
      if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name)) {
        throw new TypeError(
          `The step name "${name}" of ${pipeline.name} must be lower-case letters, digits and "-".`,
        );
      }
      if (name === FETCH_STEP) {
        throw new TypeError(
          `The step name "${name}" of ${pipeline.name} is reserved for the step that fetches files by URL.`,
        );
      }
      if (pipeline.steps.some((step) => step.name === name)) {
        throw new TypeError(`${pipeline.name} has two steps named "${name}".`);
      }
      const steps = pipeline.steps;
      checkOrder(pipeline.name, steps, { name, kind });
      const step = stepOf(pipeline.name, { name, kind, run }, options);
      return build({ ...pipeline, steps: [...steps, step] });
    };
  const addBatch = (name: string, options: BatchOptions & StepOptions, run: Batch["run"]) => {
    const batch = batchOf(`the step "${name}" of ${pipeline.name}`, options, run);
    const usual = { cache: "never", concurrency: 2 * batch.size } as const;
    const alone = (context: never) => runAlone(batch, context);
    return add("each")(name, alone, { ...usual, ...options, isolate: undefined, batch });
  };
  const kinds = { each: add("each"), split: add("split"), join: add("join"), all: add("all") };
  return Object.assign({ ...pipeline, batch: addBatch }, kinds);
}

export type { Json };
