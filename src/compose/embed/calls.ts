import type { JobFilter, Job as JobOf, Page, TypedPipeline } from "../../client/index.ts";
import { jobView } from "../../domain/job-views.ts";
import { JOB_ITEM } from "../../domain/records.ts";
import type { Engine } from "../../engine/engine.ts";
import { firstItemNames } from "../../engine/first-items.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { type EmbeddedEvent, type FollowOptions, followEvents } from "./events.ts";
import { archiveOf, artifactOf, type Download, type StoredFile } from "./files.ts";
import { type EmbeddedJob, type EmbeddedSubmit, submitJob } from "./submit.ts";

/** Any pipelines; `createMillrace` infers their types. */
export type PipelineList = readonly (Pipeline | string)[];

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

/** What a program can do with jobs. Calls reject with a `MillraceError`. */
export interface Calls<Pipelines extends PipelineList = PipelineList> {
  /** Creates a job. Resolves when the job is stored durably. */
  submit<P extends TypedPipeline | NameOf<Pipelines>>(
    pipeline: P,
    ...job: JobArguments<Given<Pipelines, P>>
  ): Promise<JobOf<Given<Pipelines, P>>>;
  /** Includes its first 100 items. Rejects with `not_found`. */
  job<P = unknown>(id: string, options?: OwnerOptions): Promise<JobOf<P>>;
  /** Newest first, without their items. */
  jobs(filter?: JobFilter & OwnerOptions): Promise<Page<JobOf>>;
  /** Resolves when a job has ended, whether or not it succeeded: see its `state`. */
  wait<P = unknown>(
    id: string | JobOf<P>,
    options?: OwnerOptions & { signal?: AbortSignal },
  ): Promise<JobOf<P>>;
  /**
   * A job's events from first to last or, for `null`, those of all the owner's jobs from now on, without an end. To
   * continue later, pass the `id` of the last event as `after`.
   */
  events(
    id: string | null,
    options?: FollowOptions & OwnerOptions,
  ): AsyncGenerator<EmbeddedEvent, void, undefined>;
  cancel(id: string, options?: OwnerOptions): Promise<JobOf>;
  /** Retries the failed items. */
  retry(id: string, options?: OwnerOptions): Promise<JobOf>;
  /** Deletes a job and its files. */
  remove(id: string, options?: OwnerOptions): Promise<void>;
  /** A file of a job. Rejects with `not_found`, or with `gone` after its retention. */
  artifact(id: string, options?: OwnerOptions): Promise<StoredFile>;
  /**
   * All results of an ended job, as a ZIP. Does not count as a download in `archive.downloadedAt`.
   * @param options.include `all` adds what earlier steps and parts wrote
   */
  archive(id: string, options?: OwnerOptions & { include?: "all" | undefined }): Promise<Download>;
}

const LOCAL = "local";
/** Items embedded in a job. */
const ITEMS = 100;

/** What a program can do with jobs, through an engine in its process. */
export function engineCalls(engine: Engine): Calls {
  const { store, archiveDownloads } = engine;

  async function found(owner: string, id: string): Promise<JobOf<never>> {
    const record = await store.job({ owner, id });
    if (!record) throw new MillraceError("not_found", "There is no such job.");
    const [items, downloads] = await Promise.all([
      store.items({ jobId: id, after: JOB_ITEM - 1, limit: ITEMS + 1 }),
      archiveDownloads.lastOf([record]),
    ]);
    return jobView(record, items, { downloadedAt: downloads.get(id) }) as JobOf<never>;
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
      const [names, downloads] = await Promise.all([
        firstItemNames(store, page),
        archiveDownloads.lastOf(page),
      ]);
      const facts = (id: string, n: number) => ({ firstItem: names[n], downloadedAt: downloads.get(id) });
      const items = page.map((record, n) => jobView(record, [], facts(record.id, n)) as JobOf);
      return { items, nextCursor: more ? last : null };
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
    events: (id, { owner = LOCAL, ...options } = {}) =>
      followEvents(engine, { owner, jobId: id, ...options }),
    artifact: (id, { owner = LOCAL } = {}) => artifactOf(engine, owner, id),
    archive: (id, { owner = LOCAL, include } = {}) => archiveOf(engine, { owner, id, include }),
  };
}
