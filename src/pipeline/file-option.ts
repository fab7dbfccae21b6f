import { z } from "zod";

/**
 * An option that is a file of the client's own (a watermark): `{artifactId}` of a file of an earlier job,
 * `{uploadId}` of a finished upload, or a part of a form that is named as the option's path. The engine
 * resolves it to an artifact and counts its hash into the content key; the step reads it with
 * `ctx.read(options.field)`.
 */
export function fileOption(description: string) {
  return z
    .object({ artifactId: z.string().min(1).max(200) })
    .meta({ title: "File", description, format: "artifact" });
}
