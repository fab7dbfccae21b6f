import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import type { ServerContext } from "../context.ts";
import {
  byteCount,
  checkVersion,
  fileLength,
  parseChecksum,
  parseConcat,
  parseMetadata,
  TUS_VERSION,
  uploadBody,
} from "./tus-headers.ts";

const METADATA_CHARACTERS = 4_096;

export const params = z.object({
  id: z.string().max(200).describe("Last part of the upload's address."),
});

/** Adds the protocol version to the response. Every request except `OPTIONS` must also send it. */
export function spoken(request: FastifyRequest, reply: FastifyReply): void {
  reply
    .header("tus-resumable", TUS_VERSION)
    .header("tus-version", TUS_VERSION)
    .header("cache-control", "no-store");
  if (request.method !== "OPTIONS") checkVersion(request.headers);
}

/** The tus operations, whatever method requests them. */
export function tusHandlers({ engine, metrics }: Pick<ServerContext, "engine" | "metrics">) {
  const { uploads } = engine;
  return { create, tell, goOn, giveUp };

  /** Creates an upload, with any bytes in the request. */
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
      // A client that names the file's pipeline learns of its limits before it sends the file.
      pipeline: entries.get("pipeline"),
      metadata,
      concat: pieces === null ? undefined : String(request.headers["upload-concat"]),
    };
    if (Array.isArray(pieces)) return uploads.join({ ...announced, length: null }, pieces);
    const upload = await uploads.begin({ ...announced, length: fileLength(request.headers) });
    if (request.headers["content-type"] !== uploadBody) return upload;
    return receive(request, upload, { offset: 0, announced: announcedBytes(request) });
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
    const grown = await receive(request, upload, { offset, length, announced: announcedBytes(request) });
    return reply.code(204).headers(state(grown)).send();
  }

  async function giveUp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await uploads.remove(request.principal.owner, idOf(request));
    return reply.code(204).send();
  }
}

/** 0 if the client does not say. */
function announcedBytes({ headers }: FastifyRequest): number {
  return Number(headers["content-length"] ?? 0);
}

function idOf(request: FastifyRequest): string {
  return (request.params as z.output<typeof params>).id;
}

export function state({ offset, expiresAt }: UploadRecord): Record<string, string> {
  return { "upload-offset": String(offset), "upload-expires": new Date(expiresAt).toUTCString() };
}
