import type { CreateJob } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import { traitsOf } from "../../domain/job-spec.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { JobRequest } from "../engine.ts";
import type { Keeping } from "../keep-blob.ts";
import { planOf } from "../plan.ts";
import { validTraceparent } from "../tracing.ts";
import { keepItems, parseItems } from "./data-items.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { isRemote, type itemFiles, newItems, pinsOf } from "./item-files.ts";
import { optionsResolver } from "./options.ts";
import { ownOptions } from "./own-options.ts";
import { checkCount, checkMetadata, checkMost, startOf } from "./request-checks.ts";

const IDEMPOTENCY_MS = 24 * 3_600_000;

/** Default retention of results, in ms. */
export interface Retention {
  retentionMs: number;
  deadLetterRetentionMs: number;
}

export interface PrepareParts {
  keeping: Keeping;
  files: ReturnType<typeof itemFiles>;
  retention: Retention;
  /** Whether pipelines that are `shareable` share results between owners. */
  sharesResults: boolean;
}

/** Validates a request, and turns it into the command that creates the job. */
export async function prepareJob(
  { keeping, files: known, retention, sharesResults }: PrepareParts,
  pipeline: Pipeline,
  request: JobRequest,
): Promise<CreateJob> {
  const { owner } = request;
  const now = keeping.store.now();
  const id = request.id ?? newId(now);
  if (!request.items?.length) checkMost(pipeline, request.files.length);
  const data = await parseItems(pipeline, request.items ?? []);
  const files = await Promise.all(request.files.map((file) => known.item(request, file, pipeline)));
  const options = optionsResolver(pipeline, {
    jobId: id,
    raw: request.options,
    files: request.optionFiles ?? new Map(),
    find: (artifactId) => known.stored(owner, { artifactId }),
  });
  const common = await options.ofJob();
  const own = await ownOptions(options, common, request.fileOptions ?? [], files);
  checkCount(pipeline, request.files.length, data.length);
  const traits = traitsOf(request);
  checkMetadata(traits.metadata);
  const startAt = startOf(request.startAt, now);
  const fingerprint = () => fingerprintOf(request, pipeline, common.content, { files, data, own }, traits);
  const kept = await keepItems(keeping, id, data);
  return {
    id,
    now,
    owner,
    pipeline: pipeline.name,
    version: pipeline.version,
    options: common.options,
    plan: planOf(
      pipeline,
      sharesResults && pipeline.shareable ? "*" : owner,
      common.content,
      files.some(isRemote),
    ),
    ...traits,
    ...traceOf(request),
    startAt,
    parent: request.parent ?? null,
    ...(pipeline.deleteInputs && { deleteInputs: true }),
    retentionMs: Math.round(pipeline.retentionMs ?? retention.retentionMs),
    deadLetterRetentionMs: Math.round(pipeline.deadLetterRetentionMs ?? retention.deadLetterRetentionMs),
    items: [...newItems(id, files, own), ...kept.items],
    attachments: options.attachments,
    pinned: [...pinsOf([...request.files, ...(request.optionFiles?.values() ?? [])]), ...kept.pinned],
    reservation: request.admission?.id ?? null,
    idempotency: idempotencyOf(request, now, fingerprint),
  };
}

function idempotencyOf(
  { idempotencyKey: key, idempotencyMs = IDEMPOTENCY_MS }: JobRequest,
  now: number,
  fingerprint: () => string,
): CreateJob["idempotency"] {
  if (key === undefined) return null;
  return { key, fingerprint: fingerprint(), expiresAt: now + idempotencyMs };
}

export function traceOf(request: JobRequest): { traceparent?: string } {
  const traceparent = validTraceparent(request.traceparent);
  return traceparent === null ? {} : { traceparent };
}
