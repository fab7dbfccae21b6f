import { type Account, account } from "./account.ts";
import type { Share } from "./account-types.ts";
import { type EventOptions, followEvents, type JobEvent } from "./events.ts";
import { type Notifications, notifications } from "./notifications.ts";
import { type Operations, operations } from "./operations.ts";
import { type Presets, presets } from "./presets.ts";
import { ownSchedules, type PageFilter, type Schedules } from "./schedules.ts";
import { pipelineName, type SubmitOptions, submit, type UntypedJob } from "./submit.ts";
import { type CallOptions, type ClientSettings, createTransport, query } from "./transport.ts";
import type {
  AnyItem,
  Job,
  JobItem,
  ModelUsage,
  NewJob,
  Page,
  Part,
  PipelineModule,
  PipelineName,
  PipelineOf,
  PipelineView,
  Publication,
  Quote,
  TypedPipeline,
  UploadAddress,
} from "./types.ts";
import { removeUpload, type UploadOptions, upload } from "./uploads.ts";
import { type Webhooks, webhooks } from "./webhooks.ts";

export interface JobFilter extends PageFilter {
  /** One or more states, separated by commas. */
  state?: string;
  pipeline?: string;
  /** Text to find in item names, metadata or error messages, or an id. */
  q?: string;
}

export interface PublishedFilter extends PageFilter {
  jobId?: string;
}

export interface ItemFilter {
  state?: string;
  limit?: number;
  cursor?: string | null;
}

/**
 * A Millrace server. Calls reject with a `Problem`, or with the signal's reason if it is aborted. Calls that are safe
 * to repeat are retried while the connection or the server is down.
 */
export interface Client<Module = Record<never, never>> {
  /** Creates a job. Resolves when the job is stored durably. */
  submit<P extends TypedPipeline | PipelineName<Module>>(
    pipeline: P,
    ...job: JobArguments<PipelineOf<Module, P>>
  ): Promise<Job<PipelineOf<Module, P>>>;
  /** Creates a job and waits until it ends. Check `state` for the outcome. */
  run<P extends TypedPipeline | PipelineName<Module>>(
    pipeline: P,
    ...job: JobArguments<PipelineOf<Module, P>>
  ): Promise<Job<PipelineOf<Module, P>>>;
  /** Resolves when a job has ended. */
  wait<P = unknown>(id: string | Job<P>, options?: CallOptions): Promise<Job<P>>;
  /** Estimates a job without running it. Its files are sent and then discarded. */
  quote<P extends TypedPipeline | PipelineName<Module>>(
    pipeline: P,
    ...job: JobArguments<PipelineOf<Module, P>>
  ): Promise<Quote>;
  job<P = unknown>(id: string, options?: CallOptions): Promise<Job<P>>;
  /** Newest first. */
  jobs(filter?: JobFilter, options?: CallOptions): Promise<Page<Job>>;
  items<P = unknown>(id: string, filter?: ItemFilter, options?: CallOptions): Promise<Page<JobItem<P>>>;
  /** The parts of a split item, ordered by index. */
  parts(id: string, index: number, filter?: ItemFilter, options?: CallOptions): Promise<Page<Part>>;
  /** A job's model usage, by model. */
  modelUsage(id: string, options?: CallOptions): Promise<ModelUsage[]>;
  /**
   * Iterates over a job's events until the job ends, or with `null` over the events of all jobs indefinitely. The
   * iteration survives disconnects without missing or repeating an event.
   */
  events(id: string | null, options?: EventOptions): AsyncGenerator<JobEvent, void, undefined>;
  cancel(id: string, options?: CallOptions): Promise<Job>;
  /** Retries the failed items. */
  retry(id: string, options?: CallOptions): Promise<Job>;
  /** Deletes a job and its files. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Downloads a file. @param options.range bytes, such as `bytes=0-1023` */
  artifact(id: string, options?: CallOptions & { range?: string }): Promise<Response>;
  /** Downloads all results as a ZIP. @param options.include `all` adds the files of earlier steps and parts */
  archive(id: string, options?: CallOptions & ArchiveOptions): Promise<Response>;
  /** URLs for links. */
  artifactUrl(id: string): string;
  archiveUrl(id: string, options?: ArchiveOptions): string;
  /**
   * Creates a link that lets anyone download without an account.
   * @param what.artifactId one file of the job. @default the archive
   * @param what.expiresIn seconds. @default 24 hours
   */
  share(
    id: string,
    what?: { artifactId?: string | null; expiresIn?: number },
    options?: CallOptions,
  ): Promise<Share>;
  /** A job's active share links, oldest first. */
  shares(id: string, filter?: PageFilter, options?: CallOptions): Promise<Page<Share>>;
  /** Revokes a share link. */
  unshare(id: string, shareId: string, options?: CallOptions): Promise<void>;
  /** The caller's files with public URLs. */
  published(filter?: PublishedFilter, options?: CallOptions): Promise<Page<Publication>>;
  /** Removes the public URL of a file. @param id the artifact's id */
  unpublish(id: string, options?: CallOptions): Promise<void>;
  pipelines(options?: CallOptions): Promise<PipelineView[]>;
  pipeline(name: string, options?: CallOptions): Promise<PipelineView>;
  /** Uploads a file for a job's `files`, as `{uploadId}`. Resumes if the connection is lost. */
  upload(file: Blob, options?: UploadOptions): Promise<string>;
  removeUpload(id: string, options?: CallOptions): Promise<void>;
  /** Creates a URL for a direct upload. Requires an object store. */
  presign(
    file: { name: string; bytes: number; sha256: string; publish?: boolean },
    options?: CallOptions,
  ): Promise<UploadAddress>;
  /** Jobs that start automatically. */
  readonly schedules: Schedules<Module>;
  /** The caller's webhooks. */
  readonly webhooks: Webhooks;
  readonly notifications: Notifications;
  readonly account: Account;
  readonly presets: Presets;
  /** For operators. */
  readonly admin: Operations;
  /** Sends any other request, by path and query, such as `/v1/me`. Rejects with a `Problem` if the status is not 2xx. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

export interface ArchiveOptions {
  include?: "all" | undefined;
}

type JobArguments<P> =
  Record<never, never> extends NewJob<P>
    ? [job?: NewJob<P>, options?: SubmitOptions]
    : [job: NewJob<P>, options?: SubmitOptions];

const resumableFrom = 8 * 1024 * 1024;
/** Longest time that the server holds a `?wait=` request. */
const waitSeconds = 30;

/**
 * @example
 * const client = createClient<typeof import("./pipelines.ts")>({ url: "http://127.0.0.1:8080" });
 * const job = await client.run("shout", { files: [new File(["hello"], "a.txt")] });
 */
export function createClient<Module extends PipelineModule = Record<never, never>>(
  settings: ClientSettings = {},
): Client<Module> {
  const transport = createTransport(settings);
  const { send, get, post, url } = transport;
  const creating = { path: "/v1/jobs", resumableFrom: settings.resumableFrom ?? resumableFrom };
  const create = (pipeline: TypedPipeline | string, job: UntypedJob = {}, options: SubmitOptions = {}) =>
    submit<Job<never>>(transport, creating, pipelineName(pipeline), job, options);

  async function wait(of: string | { id: string }, options: CallOptions = {}): Promise<Job<never>> {
    const id = typeof of === "string" ? of : of.id;
    for (;;) {
      const job = await get<Job<never>>(`${jobPath(id)}?wait=${waitSeconds}`, options);
      if (job.finishedAt !== null) return job;
    }
  }

  const client: Client = {
    submit: create,
    async run(pipeline: TypedPipeline | string, job?: UntypedJob, options: SubmitOptions = {}) {
      return wait(await create(pipeline, job, options), { signal: options.signal, retries: options.retries });
    },
    wait,
    quote(pipeline: TypedPipeline | string, job: UntypedJob = {}, options: SubmitOptions = {}) {
      const quoting = { ...creating, path: "/v1/jobs/quote" };
      return submit<Quote>(transport, quoting, pipelineName(pipeline), job, options);
    },
    job: (id, options) => get(jobPath(id), options),
    jobs: (filter = {}, options) => get(`/v1/jobs${query(filter)}`, options),
    items: <P>(id: string, filter: ItemFilter = {}, options?: CallOptions) =>
      get<Page<AnyItem>>(`${jobPath(id)}/items${query(filter)}`, options) as Promise<Page<JobItem<P>>>,
    parts: (id, index, filter = {}, options) =>
      get(`${jobPath(id)}/items/${index}/parts${query(filter)}`, options),
    modelUsage: async (id, options) =>
      (await get<Page<ModelUsage>>(`${jobPath(id)}/model-usage`, options)).items,
    events: (id, options = {}) =>
      followEvents(transport, id === null ? "/v1/events" : `${jobPath(id)}/events`, options),
    cancel: (id, options) => post(`${jobPath(id)}/cancel`, undefined, options),
    retry: (id, options) => post(`${jobPath(id)}/retry`, undefined, options),
    remove: (id, options) => transport.remove(jobPath(id), options),
    artifact(id, { range, ...options } = {}) {
      const headers = { accept: "*/*", ...(range && { range }) };
      return transport.repeat(() => send(artifactPath(id), { headers, signal: options.signal }), options);
    },
    archive(id, { include, ...options } = {}) {
      const path = archivePath(id, { include });
      const headers = { accept: "*/*" };
      return transport.repeat(() => send(path, { headers, signal: options.signal }), options);
    },
    artifactUrl: (id) => url + artifactPath(id),
    archiveUrl: (id, options) => url + archivePath(id, options),
    share: (id, what = {}, options) => post(`${jobPath(id)}/share`, what, options),
    shares: (id, filter = {}, options) => get(`${jobPath(id)}/shares${query(filter)}`, options),
    unshare: (id, share, options) =>
      transport.remove(`${jobPath(id)}/shares/${encodeURIComponent(share)}`, options),
    published: (filter = {}, options) => get(`/v1/published${query(filter)}`, options),
    unpublish: (id, options) => transport.remove(`/v1/published/${encodeURIComponent(id)}`, options),
    pipelines: async (options) => (await get<Page<PipelineView>>("/v1/pipelines", options)).items,
    pipeline: (name, options) => get(`/v1/pipelines/${encodeURIComponent(name)}`, options),
    upload: (file, options = {}) => upload(transport, file, options),
    removeUpload: (id, options = {}) => removeUpload(transport, id, options),
    presign: (file, options) => post("/v1/uploads/presign", file, options),
    schedules: ownSchedules(transport),
    webhooks: webhooks(transport, "/v1/webhooks"),
    notifications: notifications(transport),
    account: account(transport),
    presets: presets(transport),
    admin: operations(transport),
    request: send,
  };
  return client as Client<Module>;
}

function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function archivePath(id: string, { include }: ArchiveOptions = {}): string {
  return `${jobPath(id)}/archive${query({ include })}`;
}

function artifactPath(id: string): string {
  return `/v1/artifacts/${encodeURIComponent(id)}`;
}
