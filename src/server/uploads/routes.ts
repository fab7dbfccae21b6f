import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { MillraceError } from "../../errors.ts";
import type { UploadRecord } from "../../ports/store/uploads.ts";
import { documented } from "../api-schemas.ts";
import type { App, ServerContext } from "../context.ts";
import { EXPIRY_MS, presignRoute } from "./presign.ts";
import { checksumAlgorithms, MAX_PARTS, moved, receiveParts } from "./receive-parts.ts";
import {
  byteCount,
  checkVersion,
  parseChecksum,
  parseMetadata,
  TUS_VERSION,
  tusExtensions,
  uploadBody,
} from "./tus-headers.ts";
import { finish, forget } from "./uploaded-file.ts";

const METADATA_CHARACTERS = 4_096;

const params = z.object({ id: z.string().max(200).describe("The last part of the upload's address.") });

/**
 * Resumable uploads as tus 1.0 defines them. Any process may serve any request of an upload. Written here and
 * not left to `@tus/server`, which knows no checksums and needs a lock that all processes share.
 */
export function uploadRoutes(app: App, { engine, metrics, ownerOf }: ServerContext): void {
  const { uploads } = engine.store;
  app.addContentTypeParser(uploadBody, (_request, payload, done) => done(null, payload));

  const maxBytes = () => Math.max(0, ...engine.pipelines.list().map(({ accepts }) => accepts.maxFileBytes));
  presignRoute(app, { engine, ownerOf }, (bytes) => refuseLarge(bytes, maxBytes()));

  const uploadOf = async (request: FastifyRequest): Promise<UploadRecord> => {
    const { id } = request.params as z.output<typeof params>;
    const upload = await uploads.get({ owner: ownerOf(request), id, now: engine.store.now() });
    if (!upload) throw new MillraceError("not_found", "There is no such upload.");
    return upload;
  };

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
          "tus-max-size": String(maxBytes()),
          "tus-checksum-algorithm": checksumAlgorithms.join(","),
        });
        return reply.code(204).send();
      },
    });
  }

  app.route({
    method: "POST",
    url: "/v1/uploads",
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
      const length = byteCount(request.headers, "upload-length");
      refuseLarge(length, maxBytes());
      const metadata = String(request.headers["upload-metadata"] ?? "");
      if (metadata.length > METADATA_CHARACTERS) {
        throw new MillraceError("invalid_request", "The header upload-metadata is too long.");
      }
      const entries = parseMetadata(metadata);
      await engine.room();
      const upload: UploadRecord = {
        id: newId(),
        owner: ownerOf(request),
        name: safeName(entries.get("filename") ?? entries.get("name") ?? ""),
        length,
        offset: 0,
        metadata,
        parts: [],
        file: null,
        direct: null,
        expiresAt: engine.store.now() + EXPIRY_MS,
      };
      await uploads.create(upload);
      if (length === 0) await finish(engine, upload);
      reply.code(201).header("location", `/v1/uploads/${upload.id}`);
      return reply.headers(state(upload)).send();
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
    async handler(request, reply) {
      spoken(request, reply);
      const upload = await uploadOf(request);
      reply.headers(state(upload)).header("upload-length", String(upload.length));
      if (upload.metadata) reply.header("upload-metadata", upload.metadata);
      return reply.send();
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
    async handler(request, reply) {
      spoken(request, reply);
      if (request.headers["content-type"] !== uploadBody) {
        throw new MillraceError("unsupported_media", `Send ${uploadBody}.`);
      }
      const offset = byteCount(request.headers, "upload-offset");
      const checksum = parseChecksum(request.headers["upload-checksum"]);
      const upload = await uploadOf(request);
      if (offset !== upload.offset) throw moved(upload.offset);
      if (Number(request.headers["content-length"] ?? 0) > upload.length - offset) {
        throw new MillraceError(
          "request_too_large",
          `More comes than the ${upload.length} bytes of the file.`,
        );
      }
      refusePieces(upload);
      await engine.room();
      const source = request.body as Readable;
      const grown = await receiveParts({ engine, uploads, upload, source, checksum });
      metrics.uploaded(grown.offset - offset);
      if (grown.offset === grown.length) await finish(engine, grown);
      return reply.code(204).headers(state(grown)).send();
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
    async handler(request, reply) {
      spoken(request, reply);
      const forgotten = await forget(engine, ownerOf(request), request.params.id);
      if (!forgotten) throw new MillraceError("not_found", "There is no such upload.");
      return reply.code(204).send();
    },
  });
}

function refuseLarge(bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new MillraceError("file_too_large", `The file has ${bytes} bytes; at most ${limit} are accepted.`, {
    extra: { limit },
  });
}

/** Each piece is a file and an entry of the record, so that they cannot be without number. */
function refusePieces({ parts }: UploadRecord): void {
  if (parts.length < MAX_PARTS) return;
  throw new MillraceError(
    "request_too_large",
    `The upload has come in ${parts.length} pieces; at most ${MAX_PARTS} are kept. Begin again with larger ones.`,
    { extra: { limit: MAX_PARTS } },
  );
}

function state({ offset, expiresAt }: UploadRecord): Record<string, string> {
  return { "upload-offset": String(offset), "upload-expires": new Date(expiresAt).toUTCString() };
}
