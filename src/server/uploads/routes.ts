import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { UploadRecord } from "../../domain/uploads.ts";
import { checksumAlgorithms } from "../../engine/uploads/checksum.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { presignRoute } from "./presign.ts";
import {
  byteCount,
  checkVersion,
  fileLength,
  parseChecksum,
  parseConcat,
  parseMetadata,
  TUS_VERSION,
  tusExtensions,
  uploadBody,
} from "./tus-headers.ts";

const METADATA_CHARACTERS = 4_096;

const params = z.object({ id: z.string().max(200).describe("The last part of the upload's address.") });

/**
 * Resumable uploads as tus 1.0 defines them. Any process may serve any request of an upload. Written here and
 * not left to `@tus/server`, which knows no checksums and needs a lock that all processes share.
 */
export function uploadRoutes(app: App, { engine, metrics }: ServerContext): void {
  const { uploads } = engine;
  app.addContentTypeParser(uploadBody, (_request, payload, done) => done(null, payload));

  presignRoute(app, { engine });

  const idOf = (request: FastifyRequest): string => (request.params as z.output<typeof params>).id;

  const spoken = (request: FastifyRequest, reply: FastifyReply): void => {
    reply
      .header("tus-resumable", TUS_VERSION)
      .header("tus-version", TUS_VERSION)
      .header("cache-control", "no-store");
    if (request.method !== "OPTIONS") checkVersion(request.headers);
  };

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

  // tus 1.0: for clients in networks that let no other methods through.
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

  /** A new upload, with the bytes that came with the request. */
  async function create(request: FastifyRequest): Promise<UploadRecord> {
    const metadata = String(request.headers["upload-metadata"] ?? "");
    if (metadata.length > METADATA_CHARACTERS) {
      throw new MillraceError("invalid_request", "The header upload-metadata is too long.");
    }
    const pieces = parseConcat(request.headers["upload-concat"]);
    const entries = parseMetadata(metadata);
    const announced = {
      owner: request.principal.owner,
      name: entries.get("filename") ?? entries.get("name") ?? "",
      // A client that says which pipeline a file is for hears of its limit before it sends it.
      pipeline: entries.get("pipeline"),
      metadata,
      concat: pieces === null ? undefined : String(request.headers["upload-concat"]),
    };
    if (Array.isArray(pieces)) return uploads.join({ ...announced, length: null }, pieces);
    const upload = await uploads.begin({ ...announced, length: fileLength(request.headers) });
    return request.headers["content-type"] === uploadBody ? receive(request, upload, { offset: 0 }) : upload;
  }

  async function receive(
    request: FastifyRequest,
    upload: UploadRecord,
    sent: { offset: number; length?: number; announced?: number },
  ): Promise<UploadRecord> {
    const grown = await uploads.receive(upload, {
      ...sent,
      source: request.body as Readable,
      pipeline: parseMetadata(upload.metadata).get("pipeline"),
      checksum: parseChecksum(request.headers["upload-checksum"]),
    });
    metrics.uploaded(grown.offset - upload.offset);
    return grown;
  }

  async function tell(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const upload = await uploads.get(request.principal.owner, idOf(request));
    reply.headers(state(upload));
    if (upload.length === null) reply.header("upload-defer-length", "1");
    else reply.header("upload-length", String(upload.length));
    if (upload.concat !== undefined) reply.header("upload-concat", upload.concat);
    if (upload.metadata) reply.header("upload-metadata", upload.metadata);
    return reply.send();
  }

  async function goOn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { headers } = request;
    if (headers["content-type"] !== uploadBody) {
      throw new MillraceError("unsupported_media", `Send ${uploadBody}.`);
    }
    const offset = byteCount(headers, "upload-offset");
    const length = headers["upload-length"] === undefined ? undefined : byteCount(headers, "upload-length");
    const upload = await uploads.get(request.principal.owner, idOf(request));
    const announced = Number(headers["content-length"] ?? 0);
    const grown = await receive(request, upload, { offset, length, announced });
    return reply.code(204).headers(state(grown)).send();
  }

  async function giveUp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await uploads.remove(request.principal.owner, idOf(request));
    return reply.code(204).send();
  }
}

function state({ offset, expiresAt }: UploadRecord): Record<string, string> {
  return { "upload-offset": String(offset), "upload-expires": new Date(expiresAt).toUTCString() };
}
