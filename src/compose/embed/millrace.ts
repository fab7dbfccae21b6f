import type { JobFilter, Job as JobOf, Page, TypedPipeline } from "../../client/index.ts";
import { jobView } from "../../domain/job-views.ts";
import { JOB_ITEM } from "../../domain/records.ts";
import type { Engine } from "../../engine/engine.ts";
import { createPresets, type Presets } from "../../engine/presets.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { givenConfig, type UserConfig } from "../config.ts";
import { startEmbedded } from "../embedded.ts";
import type { OpenEngine } from "../open-engine.ts";
import { closeData } from "../private-data.ts";
import { type EmbeddedEvent, type FollowOptions, followEvents } from "./events.ts";
import { archiveOf, artifactOf, type Download, type StoredFile } from "./files.ts";
import { type Handler, type HandlerOptions, type MountedHandler, mountHandler } from "./handler.ts";
import { type EmbeddedJob, type EmbeddedSubmit, submitJob } from "./submit.ts";
import { startWorkers, type Workers, type WorkOptions } from "./work.ts";

/** Any pipelines; `createMillrace` infers which. */
type PipelineList = readonly (Pipeline | string)[];

/** Settings as in `millrace.config.ts`. The environment is not read. */
export interface MillraceSettings<Pipelines extends PipelineList> extends Omit<UserConfig, "pipelines"> {
  /** Pipelines, and modules that export some. */
  pipelines?: Pipelines;
}

/** Whose jobs a call is about. */
export interface OwnerOptions {
  /** @default "local" */
  owner?: string;
}

type Named<Pipelines extends PipelineList> = Extract<Pipelines[number], TypedPipeline>;
type NameOf<Pipelines extends PipelineList> = Named<Pipelines>["name"] | (string & {});
type Given<Pipelines extends PipelineList, P> = P extends TypedPipeline
  ? P
  : Extract<Named<Pipelines>, { name: P }> extends never
    ? unknown
    : Extract<Named<Pipelines>, { name: P }>;
type JobArguments<P> =
  Record<never, never> extends EmbeddedJob<P>
    ? [job?: EmbeddedJob<P>, options?: EmbeddedSubmit]
    : [job: EmbeddedJob<P>, options?: EmbeddedSubmit];

/** Millrace inside a program. Calls reject with a `MillraceError`. */
export interface Millrace<Pipelines extends PipelineList = PipelineList> {
  /** Creates a job. Resolves when it cannot be lost any more. */
  submit<P extends TypedPipeline | NameOf<Pipelines>>(
    pipeline: P,
    ...job: JobArguments<Given<Pipelines, P>>
  ): Promise<JobOf<Given<Pipelines, P>>>;
  /** With its first 100 items. Rejects with `not_found`. */
  job<P = unknown>(id: string, options?: OwnerOptions): Promise<JobOf<P>>;
  /** Newest first, without their items. */
  jobs(filter?: JobFilter & OwnerOptions): Promise<Page<JobOf>>;
  /** Resolves when a job has ended, however it did: its `state` says so. */
  wait<P = unknown>(
    id: string | JobOf<P>,
    options?: OwnerOptions & { signal?: AbortSignal },
  ): Promise<JobOf<P>>;
  /**
   * A job's events from its first to its last, or with `null` those of all the owner's jobs from now on, without an
   * end. To go on later, give the `id` of the last event as `after`.
   */
  events(
    id: string | null,
    options?: FollowOptions & OwnerOptions,
  ): AsyncGenerator<EmbeddedEvent, void, undefined>;
  cancel(id: string, options?: OwnerOptions): Promise<JobOf>;
  /** Runs the failed items again. */
  retry(id: string, options?: OwnerOptions): Promise<JobOf>;
  /** Deletes a job and its files. */
  remove(id: string, options?: OwnerOptions): Promise<void>;
  /** A file of a job. Rejects with `not_found`, or with `gone` after its retention. */
  artifact(id: string, options?: OwnerOptions): Promise<StoredFile>;
  /** All results of a job that has ended, as a ZIP. @param options.include also what earlier steps and parts wrote */
  archive(id: string, options?: OwnerOptions & { include?: "all" | undefined }): Promise<Download>;
  /**
   * Runs workers in processes of their own, which are replaced when they end. Resolves when all are ready. They end
   * with this process, or in order with `close`.
   */
  work(options?: WorkOptions): Promise<Workers>;
  /** The API and the page, for `node:http`, Express, Fastify and others. */
  handler(options?: HandlerOptions): Handler;
  /** Ends workers and streams in order, and leaves nothing open. */
  close(): Promise<void>;
}

const LOCAL = "local";
/** Items that a job carries. */
const ITEMS = 100;

/**
 * Opens Millrace in this program, over the data folder or the servers that the settings name. The data folder belongs
 * to this process until `close`.
 *
 * @example
 * const millrace = await createMillrace({ data: "data", pipelines: [shout] });
 * await millrace.work({ modules: [new URL("./pipelines.ts", import.meta.url)] });
 * const { id } = await millrace.submit("shout", { files: [{ path: "a.txt" }] });
 */
export async function createMillrace<const Pipelines extends PipelineList = []>(
  settings: MillraceSettings<Pipelines> = {},
): Promise<Millrace<Pipelines>> {
  const { config, inline } = givenConfig(settings as UserConfig, process.cwd());
  // The program says who asks, and what they may have.
  config.auth = "off";
  const { openEngine } = await import("../open-engine.ts");
  const { createLogger, stepLog } = await import("../logger.ts");
  const { logger } = createLogger(config.logLevel, "embedded");
  await closeData(config);
  const writer = await startEmbedded(config);
  const wiring = { config, writer: writer?.socketPath ?? null };
  let opened: OpenEngine | null = null;
  let presets: Presets;
  try {
    opened = await openEngine(wiring, inline, stepLog(logger));
    presets = createPresets(opened.replica, opened.engine);
    await opened.replica.start();
  } catch (error) {
    await opened?.close();
    await writer?.close();
    throw error;
  }
  const { engine, shares, close: closeEngine } = opened;
  const { startScheduler } = await import("../../engine/scheduler.ts");
  const scheduler = startScheduler(engine, stepLog(logger));
  const started: Workers[] = [];
  const mounted: MountedHandler[] = [];
  let closing: Promise<void> | null = null;

  async function closeAll(): Promise<void> {
    await Promise.allSettled(started.map((workers) => workers.stop()));
    await Promise.allSettled(mounted.map((one) => one.close()));
    await scheduler.close();
    await closeEngine();
    await writer?.close();
  }

  const millrace: Millrace = {
    ...jobCalls(engine),
    events: (id, { owner = LOCAL, ...options } = {}) =>
      followEvents(engine, { owner, jobId: id, ...options }),
    artifact: (id, { owner = LOCAL } = {}) => artifactOf(engine, owner, id),
    archive: (id, { owner = LOCAL, include } = {}) => archiveOf(engine, { owner, id, include }),
    async work(options = {}) {
      const workers = await startWorkers({ config, inline, writer }, options);
      started.push(workers);
      return workers;
    },
    handler(options = {}) {
      const one = mountHandler({ engine, presets, shares, config, logger }, options);
      mounted.push(one);
      return one.handle;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
  return millrace as Millrace<Pipelines>;
}

type JobCalls = Pick<Millrace, "submit" | "job" | "jobs" | "wait" | "cancel" | "retry" | "remove">;

function jobCalls(engine: Engine): JobCalls {
  const { store } = engine;

  async function found(owner: string, id: string): Promise<JobOf<never>> {
    const record = await store.job({ owner, id });
    if (!record) throw new MillraceError("not_found", "There is no such job.");
    return jobView(
      record,
      await store.items({ jobId: id, after: JOB_ITEM - 1, limit: ITEMS + 1 }),
    ) as JobOf<never>;
  }

  return {
    async submit(pipeline: unknown, job: EmbeddedJob = {}, options: EmbeddedSubmit = {}) {
      const name = typeof pipeline === "string" ? pipeline : (pipeline as TypedPipeline).name;
      const { job: record, items } = await submitJob(engine, name, job, { owner: LOCAL, ...options });
      return jobView(record, items) as JobOf<never>;
    },
    job: (id, { owner = LOCAL } = {}) => found(owner, id),
    async jobs({ owner = LOCAL, state, pipeline, limit = 20, cursor } = {}) {
      const states = state?.split(",") as Parameters<typeof store.jobs>[0]["states"];
      const query = { owner, states, pipeline };
      const page = await store.jobs({ ...query, limit, cursor: cursor ?? undefined });
      const last = page.at(-1)?.id;
      const more = last !== undefined && (await store.jobs({ ...query, limit: 1, cursor: last })).length > 0;
      return { items: page.map((record) => jobView(record, []) as JobOf), nextCursor: more ? last : null };
    },
    async wait(of, { owner = LOCAL, signal } = {}) {
      const id = typeof of === "string" ? of : of.id;
      for await (const _ of followEvents(engine, { owner, jobId: id, signal })) signal?.throwIfAborted();
      signal?.throwIfAborted();
      return found(owner, id);
    },
    async cancel(id, { owner = LOCAL } = {}) {
      await engine.cancelJob(owner, id);
      return found(owner, id);
    },
    async retry(id, { owner = LOCAL } = {}) {
      await engine.retryJob(owner, id);
      return found(owner, id);
    },
    remove: (id, { owner = LOCAL } = {}) => engine.removeJob(owner, id),
  };
}
