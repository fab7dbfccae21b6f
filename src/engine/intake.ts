import type { Readable } from "node:stream";
import type { CreateJob, NewItem } from "../domain/commands.ts";
import { fetchesFiles, nameOfUrl } from "../domain/fetching.ts";
import { safeName } from "../domain/file-name.ts";
import { newId } from "../domain/ids.ts";
import { traitsOf } from "../domain/job-spec.ts";
import { firstKey } from "../domain/ledger/content-key.ts";
import type { Failure, FileRef, Json, PlanStep } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import type { Outgoing } from "../outgoing/outgoing.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Created, Result } from "../ports/store/jobs.ts";
import type { Store } from "../ports/store/store.ts";
import { keepItems, parseItems } from "./data-items.ts";
import {
  type Admission,
  type AdmissionRequest,
  type JobFile,
  type JobRequest,
  type Pipelines,
  type Quote,
  RESERVATION_MS,
  type ReceivedFile,
  type ReceiveOptions,
} from "./engine.ts";
import { fileFault, kindFault, refusedFile } from "./file-faults.ts";
import { fingerprintOf, type ItemFile } from "./fingerprint.ts";
import { keepBlob } from "./keep-blob.ts";
import { HEAD_BYTES, mediaTypeOf } from "./media-type.ts";
import { resolveOptions } from "./options.ts";
import { peekHead } from "./peek-head.ts";
import { firstQueue, planOf, queueName } from "./plan.ts";
import { checkCount, checkMetadata, startOf } from "./request-checks.ts";
import { validTraceparent } from "./tracing.ts";

type StoredFile = Omit<FileRef, "artifactId">;

/** Of a queue's limit, what one owner may have reserved at once: it lasts as long as an upload, and others wait for it. */
const RESERVED_SHARE = 0.1;
/** In a short queue a share would be a request or two: so many tasks an owner may always have reserved. */
const LEAST_RESERVED = 20;
/** Of a queue's limit, what one owner may have in it that starts later. */
const DELAYED_SHARE = 0.5;
const IDEMPOTENCY_MS = 24 * 3_600_000;
const HEALTH_MS = 1_000;

export interface IntakeOptions {
  store: Store;
  blobs: BlobStore;
  pipelines: Pipelines;
  outgoing: Outgoing;
  /** How long results are kept where the pipeline says nothing. */
  retentionMs: number;
  deadLetterRetentionMs: number;
}

/** Takes work in: admission, uploads, options, and the one transaction that makes it a job. */
export function intake({ store, blobs, pipelines, outgoing, ...retention }: IntakeOptions) {
  const room = diskRoom(blobs);

  const pipelineOf = (name: string): Pipeline => {
    const pipeline = pipelines.get(name);
    if (pipeline) return pipeline;
    const known = pipelines.list().map((one) => one.name);
    throw new MillraceError(
      "not_found",
      `There is no pipeline "${name.slice(0, 80)}"; there are: ${known.join(", ")}.`,
    );
  };

  const fileOf = async (owner: string, file: ReceivedFile | { artifactId: string }): Promise<StoredFile> => {
    if (!("artifactId" in file)) {
      const { pin: _, ...received } = file;
      return received;
    }
    const found = await store.artifact({ owner, id: file.artifactId });
    if (found === "expired")
      throw new MillraceError("gone", `The file ${file.artifactId} is past its retention.`);
    if (!found) throw new MillraceError("not_found", `There is no file ${file.artifactId.slice(0, 200)}.`);
    const { name, mediaType, bytes, sha256: hash, blob } = found;
    return { name, mediaType, bytes, sha256: hash, blob };
  };

  /** The item of a file, without what only its place in the job tells. */
  const itemOf = async (
    { owner, onInvalidFile }: JobRequest,
    file: JobFile,
    { accepts }: Pipeline,
  ): Promise<ItemFile> => {
    if ("error" in file) return file;
    if ("object" in file) return { name: nameOfUrl(new URL(file.object)), url: file.object };
    if ("url" in file) return remoteFile(file.url, onInvalidFile);
    const found = await fileOf(owner, file);
    const fault = fileFault(found, accepts);
    if (fault === null) return found;
    if (onInvalidFile === "skip") return refusedFile(found.name, fault);
    throw fault;
  };

  /** What can be said of an address before it is asked: that is a worker's work. */
  const remoteFile = (url: string, onInvalidFile: JobRequest["onInvalidFile"]): ItemFile => {
    try {
      const address = outgoing.check(url);
      return { name: nameOfUrl(address), url: address.href };
    } catch (error) {
      if (onInvalidFile !== "skip" || !(error instanceof MillraceError)) throw error;
      return refusedFile(safeName(url), error);
    }
  };

  const prepare = async (request: JobRequest): Promise<{ command: CreateJob; content: Json }> => {
    const pipeline = request.admission?.pipeline ?? pipelineOf(request.pipeline);
    const { owner } = request;
    const now = store.now();
    const id = request.id ?? newId(now);
    const data = await parseItems(pipeline, request.items ?? []);
    const files = await Promise.all(request.files.map((file) => itemOf(request, file, pipeline)));
    const { options, attachments, content } = await resolveOptions(
      pipeline,
      id,
      request.options,
      request.optionFiles ?? new Map(),
      (artifactId) => fileOf(owner, { artifactId }),
    );
    checkCount(pipeline, request.files.length, data.length);
    const traits = traitsOf(request);
    checkMetadata(traits.metadata);
    const kept = await keepItems({ blobs, store }, id, data);
    return {
      content,
      command: {
        id,
        now,
        owner,
        pipeline: pipeline.name,
        version: pipeline.version,
        options,
        plan: planOf(pipeline, owner, content, files.some(isRemote)),
        ...traits,
        ...traceOf(request),
        startAt: startOf(request.startAt, now),
        parent: request.parent ?? null,
        ...(pipeline.deleteInputs && { deleteInputs: true }),
        retentionMs: Math.round(pipeline.retentionMs ?? retention.retentionMs),
        deadLetterRetentionMs: Math.round(pipeline.deadLetterRetentionMs ?? retention.deadLetterRetentionMs),
        items: [...files.map((file, n) => fileItem(id, file, n)), ...kept.items],
        attachments,
        pinned: [...pinsOf([...request.files, ...(request.optionFiles?.values() ?? [])]), ...kept.pinned],
        reservation: request.admission?.id ?? null,
        idempotency:
          request.idempotencyKey === undefined
            ? null
            : {
                key: request.idempotencyKey,
                fingerprint: fingerprintOf(request, pipeline, content, { files, data }, traits),
                expiresAt: now + (request.idempotencyMs ?? IDEMPOTENCY_MS),
              },
      },
    };
  };

  /** No job will take over what was stored of its data. */
  const discardData = async ({ items }: CreateJob): Promise<void> => {
    const keys = items.flatMap(({ data }) => data?.file?.blob ?? []);
    if (keys.length > 0) await store.unpin({ keys });
  };

  return {
    room,

    async discard(files: readonly ReceivedFile[]): Promise<void> {
      const keys = pinsOf(files);
      if (keys.length > 0) await store.unpin({ keys });
    },

    async admit({
      owner,
      tasks,
      fetches = false,
      delayed = false,
      ...asked
    }: AdmissionRequest): Promise<Admission> {
      const pipeline = pipelineOf(asked.pipeline);
      const now = store.now();
      const key = asked.idempotencyKey;
      if (key !== undefined && (await store.knownKey({ owner, key, now }))) {
        return { id: "", pipeline, release: async () => {} };
      }
      await room();
      const id = newId(now);
      await store
        .reserve({
          id,
          owner,
          queue: firstQueue(pipeline, fetches),
          tasks,
          limit: pipeline.queueLimit,
          ownerLimit: Math.max(shareOf(pipeline, RESERVED_SHARE), LEAST_RESERVED),
          ownerDelayedLimit: shareOf(pipeline, DELAYED_SHARE),
          delayed,
          now,
          expiresAt: now + RESERVATION_MS,
        })
        .then(unwrap);
      return { id, pipeline, release: () => store.release({ id }) };
    },

    async receive(source: Readable, options: ReceiveOptions): Promise<ReceivedFile> {
      await room();
      const name = safeName(options.name);
      const { head, whole } = await peekHead(source, HEAD_BYTES);
      const mediaType = (await mediaTypeOf(head)) ?? "application/octet-stream";
      const fault = kindFault({ name, mediaType }, options.mediaTypes);
      if (fault) {
        source.resume();
        throw fault;
      }
      try {
        const { maxBytes, signal } = options;
        const kept = await keepBlob({ blobs, store }, whole, { maxBytes, signal, leaveReserve: true });
        return { name, mediaType, ...kept, pin: newId() };
      } catch (error) {
        if (error instanceof MillraceError && error.code === "file_too_large") {
          throw new MillraceError("file_too_large", `"${name}": ${error.message}`, { extra: { file: name } });
        }
        throw error;
      }
    },

    prepare: async (request: JobRequest): Promise<CreateJob> => (await prepare(request)).command,

    async createJob(request: JobRequest): Promise<Created> {
      const command = request.refusal
        ? refused(request, request.refusal, pipelines.get(request.pipeline), {
            now: store.now(),
            ...retention,
          })
        : (await prepare(request)).command;
      const created = await store.createJob(command).then(unwrap, async (error) => {
        await discardData(command);
        throw error;
      });
      if (!created.created) await discardData(command);
      return created;
    },

    async quote(request: JobRequest): Promise<Quote> {
      const { command } = await prepare(request);
      const steps = command.plan.length;
      const [queued, next] = command.plan as [PlanStep, PlanStep?];
      const first = fetchesFiles(command.plan) ? next! : queued;
      const items = Math.max(1, command.items.length);
      const runs = items - command.items.filter(({ error }) => error).length;
      const keys = command.items.map((item) => firstKey(first, item)).filter((key) => key !== null);
      await discardData(command);
      const cachedItems = await store.countCached({ keys });
      const queue = (await store.queues({ now: store.now() })).find((one) => one.name === queued.queue);
      const position = queue ? queue.ready + queue.running : 0;
      const waitSeconds =
        position === 0 ? 0 : queue && queue.drainRate > 0 ? position / queue.drainRate : null;
      return { position, waitSeconds, cachedItems, items, costUnits: (runs - cachedItems) * steps };
    },
  };
}

/** Whoever has nothing in the queue may send the largest job that there is. */
function shareOf(pipeline: Pipeline, share: number): number {
  return Math.max(Math.ceil(pipeline.queueLimit * share), mostItems(pipeline));
}

function traceOf(request: JobRequest): { traceparent?: string } {
  const traceparent = validTraceparent(request.traceparent);
  return traceparent === null ? {} : { traceparent };
}

/** A job that fails as it is created. Of a pipeline that is not known it keeps the name. */
function refused(
  request: JobRequest,
  refusal: Failure,
  pipeline: Pipeline | undefined,
  {
    now,
    retentionMs,
    deadLetterRetentionMs,
  }: { now: number; retentionMs: number; deadLetterRetentionMs: number },
): CreateJob {
  const { owner, id = newId(now) } = request;
  const unknown = { name: request.pipeline, version: 1 };
  const usual = { attempts: 1, timeoutMs: 1, backoff: { baseMs: 0, maxMs: 0 }, needs: "some" as const };
  const name = "submit";
  const step = {
    name,
    kind: "each" as const,
    queue: queueName(unknown, { name }),
    keepMemos: false,
    cacheKey: null,
  };
  return {
    id,
    now,
    owner,
    ...{ pipeline: request.pipeline, version: pipeline?.version ?? unknown.version, options: {} },
    plan: pipeline ? planOf(pipeline, owner, null) : [{ ...step, ...usual }],
    ...traitsOf(request),
    ...traceOf(request),
    startAt: null,
    parent: null,
    ...{ retentionMs, deadLetterRetentionMs },
    items: [{ name: "", error: refusal }],
    ...{ attachments: [], pinned: [], reservation: null, idempotency: null },
  };
}

/** The blobs whose pins come with these files: one for each pin, however often its file is named. */
function pinsOf(files: readonly JobFile[]): string[] {
  const blobByPin = new Map<string, string>();
  for (const file of files) {
    if ("blob" in file && file.pin !== null) blobByPin.set(file.pin, file.blob);
  }
  return [...blobByPin.values()];
}

/** The answer of a store, or its refusal as an error. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result;
  const { code, message, retryAfter, extra } = result;
  throw new MillraceError(code, message, { retryAfter, extra });
}

function fileItem(jobId: string, file: ItemFile, index: number): NewItem {
  if ("error" in file || "url" in file) return file;
  return { name: file.name, input: { ...file, artifactId: `${jobId}.${index}.in` } };
}

/** Items of the largest job that a pipeline takes. */
export function mostItems({ accepts }: Pipeline): number {
  return Math.max(1, accepts.maxFiles, accepts.maxItems);
}

function isRemote(file: ItemFile): boolean {
  return "url" in file;
}

/** Refuses new work while the disk is nearly full; looks at most once a second. */
function diskRoom(blobs: BlobStore): () => Promise<void> {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let state: Promise<void> = Promise.resolve();
  return () => {
    if (performance.now() - checkedAt >= HEALTH_MS) {
      checkedAt = performance.now();
      state = blobs.health();
      state.catch(() => {});
    }
    return state;
  };
}
