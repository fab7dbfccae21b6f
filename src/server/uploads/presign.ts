import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

const ADDRESS_SECONDS = 3_600;

const body = z.strictObject({
  name: z.string().max(4_096).describe("File name."),
  bytes: z.int().min(1).describe("Size in bytes."),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 lowercase hexadecimal digits")
    .describe("SHA-256 of the content. Other content is rejected."),
  publish: z
    .boolean()
    .default(false)
    .describe(
      "Give the file a public address. It works once a job has taken the file, until it is unpublished.",
    ),
});

const address = z.object({
  uploadId: z.string().describe("Use it in a job's `files` after the file has been sent."),
  method: z.literal("PUT"),
  url: z.url(),
  headers: z.record(z.string(), z.string()).describe("Headers to send unchanged."),
  expiresAt: z.iso.datetime().describe("The address accepts the file until this time."),
  publicUrl: z.string().nullable().describe("The public address, with `publish`."),
});

/** Lets large files bypass the API if the object store accepts them directly. */
export function presignRoute(app: App, { engine }: Pick<ServerContext, "engine">): void {
  app.route({
    method: "POST",
    url: "/v1/uploads/presign",
    schema: {
      operationId: "presignUpload",
      summary: "Create a presigned upload",
      description:
        "Returns an address that takes the file directly. Requires an object store. Without one, send files to `/v1/uploads`.",
      tags: ["Uploads"],
      body,
      ...documented({ 201: address }, ["not_found", "file_too_large", "publishing_off", "unavailable"]),
    },
    async handler(request, reply) {
      const { name, bytes, sha256, publish } = request.body;
      const { upload, method, url, headers } = await engine.uploads.address(
        { owner: request.principal.owner, name, length: bytes },
        { sha256, seconds: ADDRESS_SECONDS, publish },
      );
      const expiresAt = new Date(engine.store.now() + ADDRESS_SECONDS * 1_000).toISOString();
      return reply.code(201).send({
        ...{ uploadId: upload.id, method, url, headers, expiresAt },
        publicUrl: upload.publicUrl ?? null,
      });
    },
  });
}
