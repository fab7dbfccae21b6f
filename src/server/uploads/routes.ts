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
 * Resumable uploads according to tus 1.0. Any process can serve any request of an upload. We do not use `@tus/server`,
 * because it lacks checksums and needs a lock shared by all processes.
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

/** Announces the server's capabilities. */
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
    // The request may include the first bytes.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    schema: {
      operationId: "createUpload",
      summary: "Create a resumable upload",
      description:
        "Follows tus 1.0 (https://tus.io). `Location` is the address of the upload. Refer to it in a job as `{uploadId}`.",
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

/** tus 1.0, for clients in networks that block other methods. */
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

/** Status, continuation and deletion of an upload. */
function uploadRoute(app: App, { goOn, tell, giveUp }: Handlers): void {
  app.route({
    method: "HEAD",
    url: "/v1/uploads/:id",
    schema: {
      operationId: "upload",
      summary: "Retrieve the offset of an upload",
      tags: ["Uploads"],
      params,
      ...documented({ 200: z.null().describe("The offset is in `Upload-Offset`") }, [
        "tus_version",
        "not_found",
      ]),
    },
    handler: async (request, reply) => {
      spoken(request, reply);
      return tell(request, reply);
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/uploads/:id",
    // No limit here: the handler enforces the upload's length as bytes arrive.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    schema: {
      operationId: "continueUpload",
      summary: "Resume an upload",
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
      summary: "Cancel an upload",
      tags: ["Uploads"],
      params,
      ...documented({ 204: z.null().describe("Deleted") }, ["tus_version", "not_found"]),
    },
    handler: async (request, reply) => {
      spoken(request, reply);
      return giveUp(request, reply);
    },
  });
}
