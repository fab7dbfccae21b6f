import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

const ADDRESS_SECONDS = 3_600;

const body = z.strictObject({
  name: z.string().max(4_096).describe("Name of the file."),
  bytes: z.int().min(1).describe("Its size."),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case")
    .describe("The SHA-256 of its content: nothing else is taken."),
});

const address = z.object({
  uploadId: z.string().describe("For `files` of a job, when the file has been sent."),
  method: z.literal("PUT"),
  url: z.url(),
  headers: z.record(z.string(), z.string()).describe("To be sent as they are."),
  expiresAt: z.iso.datetime().describe("Until then the address takes the file."),
});

/** Large files need not pass through the API where the object store takes them itself. */
export function presignRoute(app: App, { engine }: Pick<ServerContext, "engine">): void {
  app.route({
    method: "POST",
    url: "/v1/uploads/presign",
    schema: {
      operationId: "presignUpload",
      summary: "An address to send a file to directly",
      description: "Only with an object store; otherwise send files to `/v1/uploads`.",
      tags: ["Uploads"],
      body,
      ...documented({ 201: address }, ["not_found", "file_too_large", "unavailable"]),
    },
    async handler(request, reply) {
      const { name, bytes, sha256 } = request.body;
      const { upload, method, url, headers } = await engine.uploads.address(
        { owner: request.principal.owner, name, length: bytes },
        { sha256, seconds: ADDRESS_SECONDS },
      );
      const expiresAt = new Date(engine.store.now() + ADDRESS_SECONDS * 1_000).toISOString();
      return reply.code(201).send({ uploadId: upload.id, method, url, headers, expiresAt });
    },
  });
}
