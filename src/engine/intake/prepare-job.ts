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
import { resolveOptions } from "./options.ts";
import { checkCount, checkMetadata, checkMost, startOf } from "./request-checks.ts";

const IDEMPOTENCY_MS = 24 * 3_600_000;

/** How long results are kept where the pipeline says nothing. */
export interface Retention {
  retentionMs: number;
  deadLetterRetentionMs: number;
}

export interface PrepareParts {
  keeping: Keeping;
  files: ReturnType<typeof itemFiles>;
  retention: Retention;
  /** Pipelines that say so share results between owners. */
  sharesResults: boolean;
}

/** Checks all of a request, and makes of it the command that creates the job. */
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
  const { options, attachments, content } = await resolveOptions(
    pipeline,
    id,
    request.options,
    request.optionFiles ?? new Map(),
    (artifactId) => known.stored(owner, { artifactId }),
  );
  checkCount(pipeline, request.files.length, data.length);
  const traits = traitsOf(request);
  checkMetadata(traits.metadata);
  const startAt = startOf(request.startAt, now);
  const fingerprint = () => fingerprintOf(request, pipeline, content, { files, data }, traits);
  const kept = await keepItems(keeping, id, data);
  return {
    id,
    now,
    owner,
    pipeline: pipeline.name,
    version: pipeline.version,
    options,
    plan: planOf(pipeline, sharesResults && pipeline.shareable ? "*" : owner, content, files.some(isRemote)),
    ...traits,
    ...traceOf(request),
    startAt,
    parent: request.parent ?? null,
    ...(pipeline.deleteInputs && { deleteInputs: true }),
    retentionMs: Math.round(pipeline.retentionMs ?? retention.retentionMs),
    deadLetterRetentionMs: Math.round(pipeline.deadLetterRetentionMs ?? retention.deadLetterRetentionMs),
    items: [...newItems(id, files), ...kept.items],
    attachments,
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
