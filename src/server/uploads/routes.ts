import { z } from "zod";
import { checksumAlgorithms } from "../../engine/uploads/checksum.ts";
import type { Uploads } from "../../engine/uploads/uploads.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { presignRoute } from "./presign.ts";
import { params, spoken, state, tusHandlers } from "./tus-handlers.ts";
import { tusExtensions, uploadBody } from "./tus-headers.ts";

/**
 * Resumable uploads as tus 1.0 defines them. Any process may serve any request of an upload. Written here and
 * not left to `@tus/server`, which knows no checksums and needs a lock that all processes share.
 */
export function uploadRoutes(app: App, { engine, metrics }: ServerContext): void {
  const handlers = tusHandlers({ engine, metrics });
  app.addContentTypeParser(uploadBody, (_request, payload, done) => done(null, payload));
  presignRoute(app, { engine });
  optionRoutes(app, engine.uploads);
  creationRoute(app, handlers);
  overrideRoute(app, handlers);
  uploadRoute(app, handlers);
}

type Handlers = ReturnType<typeof tusHandlers>;

/** What this server can do. */
function optionRoutes(app: App, uploads: Uploads): void {
  for (const url of ["/v1/uploads", "/v1/uploads/:id"]) {
    app.route({
      method: "OPTIONS",
      url,
      schema: { hide: true },
      async handler(request, reply) {
        spoken(request, reply);
        reply.headers({
          "tus-extension": tusExtensions,
          "tus-max-size": String(uploads.mostBytes()),
          "tus-checksum-algorithm": checksumAlgorithms.join(","),
        });
        return reply.code(204).send();
      },
    });
  }
}

function creationRoute(app: App, { create }: Handlers): void {
  app.route({
    method: "POST",
    url: "/v1/uploads",
    // The first bytes may come along.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    schema: {
      operationId: "createUpload",
      summary: "Begin a resumable upload",
      description:
        "As tus 1.0 says (https://tus.io). `Location` is its address; a job takes it as `{uploadId}`.",
      tags: ["Uploads"],
      ...documented({ 201: z.null().describe("Created") }, [
        "tus_version",
        "file_too_large",
        "storage_full",
        "unavailable",
      ]),
    },
    async handler(request, reply) {
      spoken(request, reply);
      const created = await create(request);
      reply.code(201).header("location", `/v1/uploads/${created.id}`);
      return reply.headers(state(created)).send();
    },
  });
}

/** tus 1.0: for clients in networks that let no other methods through. */
function overrideRoute(app: App, { goOn, tell, giveUp }: Handlers): void {
  app.route({
    method: "POST",
    url: "/v1/uploads/:id",
    bodyLimit: Number.MAX_SAFE_INTEGER,
    schema: { hide: true, params },
    async handler(request, reply) {
      spoken(request, reply);
      const method = String(request.headers["x-http-method-override"]).toUpperCase();
      if (method === "PATCH") return goOn(request, reply);
      if (method === "HEAD") return tell(request, reply);
      if (method === "DELETE") return giveUp(request, reply);
      throw new MillraceError(
        "invalid_request",
        "Name the method in X-HTTP-Method-Override: PATCH, HEAD or DELETE.",
      );
    },
  });
}

/** One upload: how far it has come, what comes next, and its end. */
function uploadRoute(app: App, { goOn, tell, giveUp }: Handlers): void {
  app.route({
    method: "HEAD",
    url: "/v1/uploads/:id",
    schema: {
      operationId: "upload",
      summary: "How far an upload has come",
      tags: ["Uploads"],
      params,
      ...documented({ 200: z.null().describe("In `Upload-Offset`") }, ["tus_version", "not_found"]),
    },
    handler: async (request, reply) => {
      spoken(request, reply);
      return tell(request, reply);
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/uploads/:id",
    // A body of any length: what is too much is refused as it comes.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    schema: {
      operationId: "continueUpload",
      summary: "Go on with an upload",
      tags: ["Uploads"],
      params,
      ...documented({ 204: z.null().describe("Received, up to `Upload-Offset`") }, [
        "tus_version",
        "not_found",
        "upload_moved",
        "request_too_large",
        "unsupported_media",
        "checksum_mismatch",
        "storage_full",
        "unavailable",
      ]),
    },
    handler: async (request, reply) => {
      spoken(request, reply);
      return goOn(request, reply);
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/uploads/:id",
    schema: {
      operationId: "removeUpload",
      summary: "Give an upload up",
      tags: ["Uploads"],
      params,
      ...documented({ 204: z.null().describe("Forgotten") }, ["tus_version", "not_found"]),
    },
    handler: async (request, reply) => {
      spoken(request, reply);
      return giveUp(request, reply);
    },
  });
}
