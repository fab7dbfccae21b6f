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

/** Pictures that a browser may show in place: none of them can carry a script. */
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
      summary: "A file",
      description: "Whole or in part (`Range`). Pictures are shown in place, unless `download` is given.",
      tags: ["Files"],
      params: z.object({ id: z.string().min(1) }),
      querystring: z.object({ download: z.string().optional().describe("Present: as an attachment.") }),
      ...documented({ 200: bytes, 206: bytes, 304: z.null().describe("Not modified") }, [
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

/** A file of a job, whole or the part that is asked for. */
export async function sendArtifact(
  { store, blobs }: Pick<Engine, "store" | "blobs">,
  request: FastifyRequest,
  reply: FastifyReply,
  { owner, id, download }: { owner: string; id: string; download: boolean },
): Promise<FastifyReply> {
  const file = await store.artifact({ owner, id });
  if (file === null) throw new MillraceError("not_found", "There is no such file.");
  if (file === "expired") throw new MillraceError("gone", "The file is past its retention.");

  const shown = SHOWN.has(file.mediaType) && !download;
  describe(reply, file, { kind: shown ? "inline" : "attachment", isKept: isKeptBy(request.principal) });
  const etag = `"${file.sha256}"`;
  if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();

  const range = requestedRange(request, reply, etag, file.bytes);
  reply.header("content-type", headerSafe(file.mediaType));
  if (request.method === "HEAD") return reply.send();
  return reply.send(await blobs.open(file.blob, reply.statusCode === 206 ? range : undefined));
}

const bytes = {
  description: "The bytes",
  content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
};

/** Whatever the file holds, it cannot run in this origin: no script, no frame, no guessing of its type. */
function describe(
  reply: FastifyReply,
  file: FileRef,
  { kind, isKept }: { kind: "inline" | "attachment"; isKept: boolean },
): void {
  reply
    .header("etag", `"${file.sha256}"`)
    .header("accept-ranges", "bytes")
    // Where users sign in, another one may do so in the same browser: it asks each time, and gets `304`.
    .header("cache-control", isKept ? "private, max-age=3600" : "private, no-cache")
    .header("content-disposition", contentDisposition(file.name, { type: kind }))
    .header("content-security-policy", "default-src 'none'; sandbox");
}

/** A link that is shared may be taken back, and another user may sign in. */
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
