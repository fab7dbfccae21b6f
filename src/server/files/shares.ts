import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { ShareRecord } from "../../database/shares.ts";
import type { App } from "../../http/app.ts";
import { component, documented, jobParams, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { sendArchive } from "./archive.ts";
import { sendArtifact } from "./artifacts.ts";

const HOUR_S = 3_600;
const USUAL_S = 24 * HOUR_S;
const LONGEST_S = 30 * USUAL_S;
const LEAST_S = 60;

const share = component(
  "Share",
  z.object({
    id: z.string(),
    url: z.string().describe("Anyone who has this URL can download, without an account."),
    artifactId: z.string().nullable().describe("Id of one file. `null` for the archive."),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  }),
);
const tags = ["Files"];

/** Links that let others download without an account. */
export function shareRoutes(app: App, context: ServerContext): void {
  ownerRoutes(app, context);
  sharedRoute(app, context);
}

function ownerRoutes(app: App, context: ServerContext): void {
  const { shares } = context;

  app.route({
    method: "POST",
    url: "/v1/jobs/:id/share",
    schema: {
      operationId: "shareJob",
      summary: "Create a share link",
      description:
        "Lets anyone download the job's archive, or one of its files, without an account. The link stops working when it expires, or when you delete it or the job.",
      tags,
      params: jobParams,
      body: z
        .strictObject({
          artifactId: z
            .string()
            .max(200)
            .nullable()
            .default(null)
            .describe("Id of one file. `null` for the archive."),
          expiresIn: z.int().min(LEAST_S).max(LONGEST_S).default(USUAL_S).describe("Lifetime in seconds."),
        })
        .nullish(),
      ...documented({ 201: share }, ["not_found", "gone"]),
    },
    async handler(request, reply) {
      const { artifactId = null, expiresIn: seconds = USUAL_S } = request.body ?? {};
      const asked = { owner: request.principal.owner, jobId: request.params.id, artifactId, seconds };
      const made = await shares.create(asked);
      reply.code(201);
      return view(made, request);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/jobs/:id/shares",
    schema: {
      operationId: "jobShares",
      summary: "List a job's active share links, oldest first",
      tags,
      params: jobParams,
      querystring: z.object({
        limit: limitParam(100, 20),
        cursor: z.string().max(100).optional().describe("`nextCursor` of the previous page."),
      }),
      ...documented({ 200: pageOf(share) }, ["not_found"]),
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const asked = { owner: request.principal.owner, jobId: request.params.id };
      const found = await shares.list({ ...asked, after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        items: page.map((one) => view(one, request)),
        nextCursor: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/jobs/:id/shares/:share",
    schema: {
      operationId: "unshareJob",
      summary: "Revoke a share link",
      tags,
      params: jobParams.extend({ share: z.string().min(1).max(100) }),
      ...documented({ 204: z.null().describe("Revoked") }, ["not_found"]),
    },
    async handler(request, reply) {
      const { id: jobId, share: id } = request.params;
      await shares.remove({ owner: request.principal.owner, jobId, id });
      return reply.code(204).send(null);
    },
  });

  function view(one: ShareRecord, request: FastifyRequest): z.output<typeof share> {
    const { id, artifactId, createdAt, expiresAt } = one;
    const base = context.publicUrl?.replace(/\/$/, "") ?? `${request.protocol}://${request.host}`;
    return {
      ...{ id, artifactId },
      url: `${base}/v1/shared/${shares.tokenOf(one)}`,
      createdAt: new Date(createdAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
    };
  }
}

function sharedRoute(app: App, context: ServerContext): void {
  const { shares } = context;

  app.route({
    method: ["GET", "HEAD"],
    url: "/v1/shared/:token",
    config: { access: "public" },
    schema: {
      operationId: "shared",
      summary: "Download from a share link",
      description: "Supports `Range`.",
      tags,
      params: z.object({ token: z.string().min(1).max(200) }),
      ...documented({ 200: bytes, 206: bytes, 304: z.null().describe("Not modified") }, [
        "not_found",
        "job_not_ended",
        "gone",
        "range_not_satisfiable",
      ]),
    },
    async handler(request, reply) {
      const { owner, jobId, artifactId } = await shares.open(request.params.token);
      if (artifactId === null)
        return sendArchive(context, request, reply, { owner, id: jobId, everything: false });
      return sendArtifact(context.engine, request, reply, { owner, id: artifactId, download: true });
    },
  });
}

const bytes = {
  description: "The file",
  content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
};
