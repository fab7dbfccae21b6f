import type { FastifyReply, FastifyRequest } from "fastify";
import type { JobRequest, ReceivedFile } from "../../engine/engine.ts";
import { MOST_FILES } from "../../engine/intake/request-checks.ts";
import { MillraceError } from "../../errors.ts";
import { MOST_ITEMS } from "../../pipeline/accepts.ts";
import type { ServerContext } from "../context.ts";
import { type AdmissionWindow, openAdmission } from "./admission-window.ts";
import { hasRemote, type JobBody, type JobFields, startsLater } from "./job-fields.ts";
import { optionUploads } from "./option-uploads.ts";
import { readJobForm } from "./read-form.ts";
import { referredFile } from "./referred-file.ts";

export interface AskedJob {
  asked: JobRequest;
  /** Release it once the job was created or rejected. `null` if nothing was reserved. */
  admission: AdmissionWindow | null;
}

/** Reads a job request, as JSON or as a form. With `reserves`, reserves room in the queue. */
export async function readJobRequest(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  reserves: boolean,
): Promise<AskedJob> {
  const { engine } = context;
  const owner = request.principal.owner;
  const idempotencyKey = request.headers["idempotency-key"] as string | undefined;
  const traceparent = request.headers.traceparent as string | undefined;
  if (request.isMultipart()) {
    const form = await readJobForm(context, request, reply, { reserves, owner, idempotencyKey });
    const { files, fileOptions, optionFiles, admission } = form;
    const given = { files, fileOptions, optionFiles };
    const asked = { ...common(form.fields), ...given, owner, idempotencyKey, traceparent };
    return { asked: { ...asked, admission: admission?.first() }, admission };
  }
  const body = request.body as JobBody;
  refuseOptions(
    body.options,
    Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY),
    context.limits.jsonBytes,
  );
  const files = await Promise.all(body.files.map((file) => referredFile(engine, owner, file)));
  const named = [...optionUploads(body.options)].map(
    async ([path, id]) => [path, await engine.uploads.file(owner, id)] as const,
  );
  const optionFiles = new Map(await Promise.all(named));
  const given = { files, fileOptions: body.files.map(({ options }) => options), optionFiles };
  const asked = { ...common(body), ...given, owner, idempotencyKey, traceparent };
  if (!reserves) return { asked, admission: null };
  const tasks = Math.max(1, files.length, body.items.length);
  const admission = openAdmission(engine, { owner, pipeline: body.pipeline, most: tasks, idempotencyKey });
  await admission.confirm(tasks, { delayed: startsLater(body, engine), fetches: hasRemote(files) });
  return { asked: { ...asked, admission: admission.first() }, admission };
}

function common({ files: _, startAt, ...asked }: JobBody | (JobFields & { files?: undefined })) {
  return { ...asked, startAt: startAt === undefined ? undefined : Date.parse(startAt) };
}

/** Rejects what is neither JSON nor a form, and too many files or items before looking at any of them. */
export async function checkBody(
  { engine }: Pick<ServerContext, "engine">,
  request: FastifyRequest,
): Promise<void> {
  // Fastify validates a body by its media type only, so one that is missing would pass.
  if (request.mediaType !== "application/json" && !request.isMultipart())
    throw new MillraceError("unsupported_media", "Send application/json or multipart/form-data.");
  const { body } = request;
  const { pipeline: name, files, items } = (body ?? {}) as Record<string, unknown>;
  const accepts = engine.pipelines.get(String(name))?.accepts;
  if (Array.isArray(items)) refuseItems(items.length, accepts?.data ? accepts.maxItems : MOST_ITEMS);
  if (!Array.isArray(files)) return;
  const limit = accepts?.maxFiles ?? MOST_FILES;
  if (files.length <= limit) return;
  throw new MillraceError(
    "too_many_files",
    `A job takes at most ${limit} files. This request has ${files.length}.`,
    {
      extra: { limit },
    },
  );
}

/** Large bodies are allowed for items only, because options are stored in the job's record. */
function refuseOptions(options: unknown, bodyBytes: number, limit: number): void {
  if (bodyBytes <= limit || Buffer.byteLength(JSON.stringify(options)) <= limit) return;
  throw new MillraceError("request_too_large", `The options have more than ${limit} bytes of JSON.`, {
    extra: { limit },
  });
}

function refuseItems(items: number, limit: number): void {
  if (items <= limit) return;
  throw new MillraceError(
    "too_many_items",
    `A job takes at most ${limit} items. This request has ${items}.`,
    {
      extra: { limit },
    },
  );
}

/** Files whose bytes came with the request. */
export function receivedFiles({ files, optionFiles }: JobRequest): ReceivedFile[] {
  return [...files, ...(optionFiles?.values() ?? [])].filter((file) => "blob" in file);
}
