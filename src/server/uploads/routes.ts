import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { UploadRecord } from "../../ports/store/uploads.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { joinUploads } from "./join-uploads.ts";
import { EXPIRY_MS, presignRoute } from "./presign.ts";
import { checksumAlgorithms, MAX_PARTS, moved, receiveParts } from "./receive-parts.ts";
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
import { finish, forget, isComplete } from "./uploaded-file.ts";

const METADATA_CHARACTERS = 4_096;

const params = z.object({ id: z.string().max(200).describe("The last part of the upload's address.") });

/**
 * Resumable uploads as tus 1.0 defines them. Any process may serve any request of an upload. Written here and
 * not left to `@tus/server`, which knows no checksums and needs a lock that all processes share.
 */
export function uploadRoutes(app: App, { engine, metrics }: ServerContext): void {
  const { uploads } = engine.store;
  app.addContentTypeParser(uploadBody, (_request, payload, done) => done(null, payload));

  const maxBytes = () => Math.max(0, ...engine.pipelines.list().map(({ accepts }) => accepts.maxFileBytes));
  presignRoute(app, { engine }, (bytes) => refuseLarge(bytes, maxBytes()));

  const uploadOf = async (request: FastifyRequest): Promise<UploadRecord> => {
    const { id } = request.params as z.output<typeof params>;
    const upload = await uploads.get({ owner: request.principal.owner, id, now: engine.store.now() });
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
    const concat = parseConcat(request.headers["upload-concat"]);
    const entries = parseMetadata(metadata);
    const now = engine.store.now();
    const upload: UploadRecord = {
      id: newId(),
      owner: request.principal.owner,
      name: safeName(entries.get("filename") ?? entries.get("name") ?? ""),
      length: null,
      offset: 0,
      metadata,
      parts: [],
      file: null,
      direct: null,
      ...(concat && { concat: String(request.headers["upload-concat"]) }),
      expiresAt: now + EXPIRY_MS,
    };
    if (Array.isArray(concat)) return joinUploads(engine, upload, concat, refuseLargeOf(entries));
    upload.length = fileLength(request.headers);
    if (upload.length !== null) refuseLargeOf(entries)(upload.length);
    await engine.room();
    await uploads.create(upload);
    const sends = request.headers["content-type"] === uploadBody;
    const grown = sends ? await receive(request, upload) : upload;
    if (isComplete(grown)) await finish(engine, grown);
    return grown;
  }

  function mostBytes(pipeline: string | undefined): number {
    const { accepts } = (pipeline !== undefined && engine.pipelines.get(pipeline)) || {};
    return accepts?.maxFileBytes ?? maxBytes();
  }

  /** A client that says in the metadata which pipeline a file is for hears of its limit before it sends it. */
  function refuseLargeOf(entries: ReadonlyMap<string, string>) {
    return (bytes: number) => refuseLarge(bytes, mostBytes(entries.get("pipeline")));
  }

  async function receive(
    request: FastifyRequest,
    upload: UploadRecord,
    length?: number,
  ): Promise<UploadRecord> {
    const grown = await receiveParts({
      ...{ engine, uploads, upload, length },
      source: request.body as Readable,
      most: mostBytes(parseMetadata(upload.metadata).get("pipeline")),
      checksum: parseChecksum(request.headers["upload-checksum"]),
    });
    metrics.uploaded(grown.offset - upload.offset);
    return grown;
  }

  async function tell(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const upload = await uploadOf(request);
    reply.headers(state(upload));
    if (upload.length === null) reply.header("upload-defer-length", "1");
    else reply.header("upload-length", String(upload.length));
    if (upload.concat !== undefined) reply.header("upload-concat", upload.concat);
    if (upload.metadata) reply.header("upload-metadata", upload.metadata);
    return reply.send();
  }

  async function goOn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.headers["content-type"] !== uploadBody) {
      throw new MillraceError("unsupported_media", `Send ${uploadBody}.`);
    }
    const offset = byteCount(request.headers, "upload-offset");
    const upload = await uploadOf(request);
    if (upload.concat?.startsWith("final")) {
      throw new MillraceError("forbidden", "This upload was made of others: nothing can be added to it.");
    }
    if (offset !== upload.offset) throw moved(upload.offset);
    const length = lengthOf(request, upload);
    if (length !== null && Number(request.headers["content-length"] ?? 0) > length - offset) {
      throw new MillraceError("request_too_large", `More comes than the ${length} bytes of the file.`);
    }
    refusePieces(upload);
    await engine.room();
    const grown = await receive(request, upload, length ?? undefined);
    if (isComplete(grown)) await finish(engine, grown);
    return reply.code(204).headers(state(grown)).send();
  }

  /** Of the file, which the client may know only now; once it is known, it stays. */
  function lengthOf(request: FastifyRequest, upload: UploadRecord): number | null {
    if (request.headers["upload-length"] === undefined) return upload.length;
    const length = byteCount(request.headers, "upload-length");
    if (length !== (upload.length ?? length) || length < upload.offset) {
      const known =
        upload.length === null ? `${upload.offset} bytes have come` : `${upload.length} were announced`;
      throw new MillraceError("invalid_request", `The file cannot have ${length} bytes: ${known}.`);
    }
    refuseLargeOf(parseMetadata(upload.metadata))(length);
    return length;
  }

  async function giveUp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { id } = request.params as z.output<typeof params>;
    const forgotten = await forget(engine, request.principal.owner, id);
    if (!forgotten) throw new MillraceError("not_found", "There is no such upload.");
    return reply.code(204).send();
  }
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
