import { z } from "zod";
import type { PublicationRecord } from "../../database/publications.ts";
import type { FileRef } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { component, documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { fileBytes, sendFile } from "./artifacts.ts";

/** The content at a public URL never changes, so it can be cached forever. */
const FOREVER = "public, max-age=31536000, immutable";

const publication = component(
  "Publication",
  z.object({
    id: z.string().describe("Id of the artifact."),
    jobId: z.string(),
    url: z.string().describe("Public address. Its content never changes, so it can be cached indefinitely."),
    name: z.string(),
    mediaType: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    createdAt: z.iso.datetime(),
  }),
);
const tags = ["Files"];

export function publishedRoutes(app: App, { engine }: ServerContext): void {
  const { publications } = engine;

  app.route({
    method: ["GET", "HEAD"],
    url: "/p/:name",
    config: { access: "public" },
    schema: {
      operationId: "published",
      summary: "Download a published file",
      description:
        "Under the address of its content, for content delivery networks. Whole or in part (`Range`).",
      tags,
      params: z.object({ name: z.string().min(1).max(200) }),
      ...documented({ 200: fileBytes, 206: fileBytes, 304: z.null().describe("Not modified") }, [
        "not_found",
        "range_not_satisfiable",
      ]),
    },
    async handler(request, reply) {
      const found = await publications.find(request.params.name);
      if (!found) throw new MillraceError("not_found", "Nothing is published here.");
      reply.header("access-control-allow-origin", "*").header("cross-origin-resource-policy", "cross-origin");
      // Fastly purges by this key.
      reply.header("surrogate-key", found.sha256);
      return sendFile(engine, request, reply, {
        file: fileOf(found),
        download: false,
        cacheControl: FOREVER,
      });
    },
  });

  app.route({
    method: "GET",
    url: "/v1/published",
    schema: {
      operationId: "publications",
      summary: "List your published files",
      tags,
      querystring: z.object({
        jobId: z.string().max(100).optional().describe("Only files of this job."),
        limit: limitParam(100, 20),
        cursor: z.string().max(200).optional().describe("`nextCursor` of the previous page."),
      }),
      ...documented({ 200: pageOf(publication) }, []),
    },
    async handler(request) {
      const { jobId, limit, cursor } = request.query;
      const { owner } = request.principal;
      const found = await publications.list({ owner, jobId, after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { items: page.map(view), nextCursor: found.length > limit ? page.at(-1)!.id : null };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/published/:id",
    schema: {
      operationId: "unpublish",
      summary: "End the public address of a file",
      description: "Copies that caches hold stay until they are cleared (`cdn.purge`).",
      tags,
      params: z.object({ id: z.string().min(1).max(200) }),
      ...documented({ 204: z.null().describe("The file no longer has a public address") }, ["not_found"]),
    },
    async handler(request, reply) {
      const ended = await publications.end(request.principal.owner, request.params.id);
      if (!ended) throw new MillraceError("not_found", "There is no such published file.");
      return reply.code(204).send(null);
    },
  });

  function view(one: PublicationRecord): z.output<typeof publication> {
    const { id, jobId, name, mediaType, bytes, sha256, createdAt } = one;
    // A public URL was configured when the file was published, but is no longer.
    const url = publications.addressOf(one) ?? `/p/${sha256}`;
    return { id, jobId, url, name, mediaType, bytes, sha256, createdAt: new Date(createdAt).toISOString() };
  }
}

function fileOf({ id, sha256, blob, bytes, name, mediaType }: PublicationRecord): FileRef {
  return { artifactId: id, sha256, blob, bytes, name, mediaType };
}
