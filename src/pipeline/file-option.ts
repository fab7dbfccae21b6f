import { z } from "zod";

/**
 * An option that takes one of the client's own files, such as a watermark: `{artifactId}` of a file of an earlier job,
 * `{uploadId}` of a finished upload, or a form part named after the option's path. The engine resolves it to an
 * artifact and includes its hash in the content key; the step reads it with `ctx.read(options.field)`.
 */
export function fileOption(description: string) {
  return z
    .object({ artifactId: z.string().min(1).max(200) })
    .meta({ title: "File", description, format: "artifact" });
}
