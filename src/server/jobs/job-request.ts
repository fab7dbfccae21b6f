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
  /** To be released when the job was created or refused; `null` when nothing was reserved. */
  admission: AdmissionWindow | null;
}

/** What a client asks for, in either form. With `reserves`, room in the queue is reserved for it. */
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
    const { files, optionFiles, admission } = form;
    const asked = { ...common(form.fields), owner, files, optionFiles, idempotencyKey, traceparent };
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
  const asked = { ...common(body), owner, files, optionFiles, idempotencyKey, traceparent };
  if (!reserves) return { asked, admission: null };
  const tasks = Math.max(1, files.length, body.items.length);
  const admission = openAdmission(engine, { owner, pipeline: body.pipeline, most: tasks, idempotencyKey });
  await admission.confirm(tasks, { delayed: startsLater(body, engine), fetches: hasRemote(files) });
  return { asked: { ...asked, admission: admission.first() }, admission };
}

function common({ files: _, startAt, ...asked }: JobBody | (JobFields & { files?: undefined })) {
  return { ...asked, startAt: startAt === undefined ? undefined : Date.parse(startAt) };
}

/** Refuses too many files, or items, before any of them is looked at. */
export async function countFiles({ engine }: Pick<ServerContext, "engine">, body: unknown): Promise<void> {
  const { pipeline: name, files, items } = (body ?? {}) as Record<string, unknown>;
  const accepts = engine.pipelines.get(String(name))?.accepts;
  if (Array.isArray(items)) refuseItems(items.length, accepts?.data ? accepts.maxItems : MOST_ITEMS);
  if (!Array.isArray(files)) return;
  const limit = accepts?.maxFiles ?? MOST_FILES;
  if (files.length <= limit) return;
  throw new MillraceError(
    "too_many_files",
    `At most ${limit} files are accepted; these are ${files.length}.`,
    {
      extra: { limit },
    },
  );
}

/** A request may be larger for its items alone: options stay in the record of the job. */
function refuseOptions(options: unknown, bodyBytes: number, limit: number): void {
  if (bodyBytes <= limit || Buffer.byteLength(JSON.stringify(options)) <= limit) return;
  throw new MillraceError("request_too_large", `The options have more than ${limit} bytes of JSON.`, {
    extra: { limit },
  });
}

function refuseItems(items: number, limit: number): void {
  if (items <= limit) return;
  throw new MillraceError("too_many_items", `At most ${limit} items are accepted; these are ${items}.`, {
    extra: { limit },
  });
}

/** The files that came with the request itself. */
export function receivedFiles({ files, optionFiles }: JobRequest): ReceivedFile[] {
  return [...files, ...(optionFiles?.values() ?? [])].filter((file) => "blob" in file);
}
