import { create as contentDisposition } from "content-disposition";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { FileRef } from "../../domain/records.ts";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Principal } from "../../http/principal.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { requestedRange } from "./byte-range.ts";

/** Image types that a browser may show inline: none of them can carry a script. */
const SHOWN: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "image/avif",
]);

export function artifactRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: ["GET", "HEAD"],
    url: "/v1/artifacts/:id",
    schema: {
      operationId: "artifact",
      summary: "Download a file",
      description: "Supports `Range`. Images are sent for inline display unless `download` is set.",
      tags: ["Files"],
      params: z.object({ id: z.string().min(1) }),
      querystring: z.object({
        download: z.string().optional().describe("If present, sends the file as an attachment."),
      }),
      ...documented({ 200: fileBytes, 206: fileBytes, 304: z.null().describe("Not modified") }, [
        "not_found",
        "gone",
        "range_not_satisfiable",
      ]),
    },
    handler: (request, reply) =>
      sendArtifact(engine, request, reply, {
        ...{ owner: request.principal.owner, id: request.params.id },
        download: request.query.download !== undefined,
      }),
  });
}

/** Sends a file of an owner's job, or the requested range of it. */
export async function sendArtifact(
  engine: Pick<Engine, "store" | "blobs">,
  request: FastifyRequest,
  reply: FastifyReply,
  { owner, id, download }: { owner: string; id: string; download: boolean },
): Promise<FastifyReply> {
  const file = await engine.store.artifact({ owner, id });
  if (file === null) throw new MillraceError("not_found", "There is no such file.");
  if (file === "expired") throw new MillraceError("gone", "The file has expired.");
  return sendFile(engine, request, reply, { file, download });
}

/** Sends a file. The caller has checked access. */
export async function sendFile(
  { blobs }: Pick<Engine, "blobs">,
  request: FastifyRequest,
  reply: FastifyReply,
  { file, download, cacheControl }: { file: FileRef; download: boolean; cacheControl?: string },
): Promise<FastifyReply> {
  const shown = SHOWN.has(file.mediaType) && !download;
  describe(reply, file, {
    kind: shown ? "inline" : "attachment",
    // With accounts, another user may sign in on the same browser, so it must revalidate each time (`304`).
    cacheControl:
      cacheControl ?? (isKeptBy(request.principal) ? "private, max-age=3600" : "private, no-cache"),
  });
  const etag = `"${file.sha256}"`;
  if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();

  const range = requestedRange(request, reply, etag, file.bytes);
  reply.header("content-type", headerSafe(file.mediaType));
  if (request.method === "HEAD") return reply.send();
  return reply.send(await blobs.open(file.blob, reply.statusCode === 206 ? range : undefined));
}

export const fileBytes = {
  description: "The content of the file",
  content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
};

/** Keeps the file from running in this origin, whatever it holds: no scripts, no frames, no type sniffing. */
function describe(
  reply: FastifyReply,
  file: FileRef,
  { kind, cacheControl }: { kind: "inline" | "attachment"; cacheControl: string },
): void {
  reply
    .header("etag", `"${file.sha256}"`)
    .header("accept-ranges", "bytes")
    .header("cache-control", cacheControl)
    .header("content-disposition", contentDisposition(file.name, { type: kind }))
    .header("content-security-policy", "default-src 'none'; sandbox");
}

/** Not cached if a share link may be revoked, or if another user may sign in. */
function isKeptBy({ owner, identity }: Principal): boolean {
  return owner !== "" && identity === undefined;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}

function headerSafe(mediaType: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) ? mediaType : "application/octet-stream";
}
