import { createHash } from "node:crypto";
import { create as contentDisposition } from "content-disposition";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { partAt } from "../../domain/parts.ts";
import { type FileRef, JOB_ITEM, type JobRecord, type TaskRecord } from "../../domain/records.ts";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, jobParams } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { type ArchiveOptions, MANIFEST, planArchive } from "./archive-plan.ts";
import { requestedRange, wantsRest } from "./byte-range.ts";
import { layOut, type ZipLayout } from "./zip-layout.ts";
import { type Checksums, missingFiles, writeZip } from "./zip-writer.ts";

const PAGE = 1_000;

/** Shared by all downloads. */
const checksums: Checksums = new Map();

export function archiveRoutes(app: App, context: ServerContext): void {
  app.route({
    method: ["GET", "HEAD"],
    url: "/v1/jobs/:id/archive",
    schema: {
      operationId: "jobArchive",
      summary: "Download a job's results as a ZIP",
      description:
        "Available when the job has ended. Contains the files written by each item's last step and by the job's `all` steps. `manifest.json` records how each file was made. Supports `Range`, so an interrupted download can be resumed.\n\nWhile it is sent, `/v1/events` reports `archive.progress` at most twice a second. When all of it has been sent, the job's `archive.downloadedAt` changes. That includes downloads from a share link and resumed ones (`Range: bytes=100-`). Other ranges and aborted downloads do not count.",
      tags: ["Files"],
      params: jobParams,
      querystring: z.object({
        include: z
          .enum(["all"])
          .optional()
          .describe("`all` adds the files that earlier steps and parts wrote, in the folder `steps`."),
      }),
      ...documented({ 200: zip, 206: zip }, ["not_found", "job_not_ended", "gone", "range_not_satisfiable"]),
    },
    handler: (request, reply) =>
      sendArchive(context, request, reply, {
        ...{ owner: request.principal.owner, id: request.params.id },
        everything: request.query.include === "all",
      }),
  });
}

/** Sends a job's archive, or the requested range of it. */
export async function sendArchive(
  { engine, logger, downloads }: Pick<ServerContext, "engine" | "logger" | "downloads">,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: { owner: string; id: string; everything: boolean },
): Promise<FastifyReply> {
  const { job, name, etag, layout } = await openArchive(engine, asked);
  reply
    .header("content-type", "application/zip")
    .header("cache-control", "private, no-store")
    .header("accept-ranges", "bytes")
    .header("etag", etag)
    .header("content-disposition", contentDisposition(name));
  const range = requestedRange(request, reply, etag, layout.bytes);
  if (request.method === "HEAD") return reply.send();
  if (reply.statusCode === 200 || wantsRest(request.headers.range))
    downloads.follow(job, {
      ...{ response: reply.raw, socket: request.raw.socket },
      ...{ totalBytes: layout.bytes, hadBytes: range.start },
    });
  const stream = writeZip(engine.blobs, layout, range, checksums);
  stream.once("error", (error) => logger.warn({ err: error }, "an archive was interrupted"));
  return reply.send(stream);
}

/** Collects what a job's archive contains. Rejects if the job has none. */
export async function openArchive(
  { store, blobs, pipelines }: Pick<Engine, "store" | "blobs" | "pipelines">,
  { everything = false, ...asked }: { owner: string; id: string } & Partial<ArchiveOptions>,
): Promise<{ job: JobRecord; name: string; etag: string; layout: ZipLayout }> {
  const job = await store.job(asked);
  if (!job) throw new MillraceError("not_found", "There is no such job.");
  if (job.state === "expired") throw new MillraceError("gone", "The job's files have expired.");
  if (job.finishedAt === null) {
    throw new MillraceError(
      "job_not_ended",
      `The job is ${job.state}. Its archive is available when the job has ended.`,
      {
        retryAfter: 1,
        extra: { state: job.state },
      },
    );
  }
  const tasks = await allTasks(store, job.id);
  if (everything)
    for (const task of tasks.filter(({ split }) => split)) tasks.push(...(await allParts(store, task)));
  const plan = planArchive(job, tasks, pipelines.get(job.pipeline, job.version), { everything });
  const missing = await missingFiles(
    blobs,
    plan.files.map(({ file }) => file),
  );
  const manifest = Buffer.from(plan.manifest(missing));
  const entries = plan.files
    .filter(({ file }) => !missing.has(file))
    .map(({ file, name }) => ({ name, bytes: file.bytes, content: file }));
  const etag = `"${versionOf(entries, manifest)}"`;
  const layout = layOut(
    [...entries, { name: MANIFEST, bytes: manifest.length, content: manifest }],
    new Date(job.finishedAt),
  );
  return { job, name: `${job.pipeline}-${job.id}.zip`, etag, layout };
}

const zip = {
  description: "The archive",
  content: { "application/zip": { schema: z.string().meta({ format: "binary" }) } },
};

/** Changes whenever any byte of the archive would, which makes resuming a download unsafe. */
function versionOf(entries: readonly { name: string; content: FileRef }[], manifest: Buffer): string {
  const hash = createHash("sha256").update(manifest);
  for (const { name, content } of entries) hash.update(`${name}\n${content.sha256}\n`);
  return hash.digest("hex").slice(0, 32);
}

/** Includes the job's own task, whose outputs are also results. */
async function allTasks(store: Pick<Store, "items">, jobId: string): Promise<TaskRecord[]> {
  const tasks: TaskRecord[] = [];
  for (;;) {
    const page = await store.items({ jobId, after: tasks.at(-1)?.item ?? JOB_ITEM - 1, limit: PAGE });
    tasks.push(...page);
    if (page.length === 0) return tasks;
  }
}

async function allParts(store: Pick<Store, "parts">, { jobId, item }: TaskRecord): Promise<TaskRecord[]> {
  const parts: TaskRecord[] = [];
  for (;;) {
    const last = parts.at(-1);
    const after = last && partAt(last.item)!.part;
    const page = await store.parts({ jobId, item, after, limit: PAGE });
    parts.push(...page);
    if (page.length === 0) return parts;
  }
}
