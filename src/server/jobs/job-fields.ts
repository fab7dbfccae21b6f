import { z } from "zod";
import { MAX_METADATA } from "../../domain/job-spec.ts";
import { dataItems } from "../../engine/intake/data-items.ts";
import { boundedList, boundedObject, metadataStrings } from "../../engine/intake/json-bounds.ts";
import { MOST_FILES } from "../../engine/intake/request-checks.ts";
import { MillraceError } from "../../errors.ts";
import { invalidRequestWith } from "../../http/problem.ts";
import { MOST_ITEMS } from "../../pipeline/accepts.ts";

const fields = {
  pipeline: z.string().min(1).max(100).describe("Name of a pipeline."),
  options: boundedObject.default({}).describe("As the pipeline's JSON Schema says."),
  items: dataItems
    .default([])
    .describe(`Up to ${MOST_ITEMS} items of data instead of files, for pipelines that take data.`),
  priority: z.int().min(0).max(9).optional().describe("0 to 9, 4 by default; higher runs first."),
  startAt: z.iso.datetime({ offset: true }).optional().describe("Not before this time."),
  metadata: metadataStrings
    .optional()
    .describe(`Up to ${MAX_METADATA} strings that come back in the job and in webhooks.`),
  onInvalidFile: z
    .enum(["reject", "skip"])
    .default("reject")
    .describe(
      "When the pipeline does not accept a file, by its content or its size: `reject` refuses the request, with `skip` the item of that file fails and the others run.",
    ),
};

const remote = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe(
      "An address that a worker fetches the file from: `https://` or `http://`, without credentials.",
    ),
});
const reference = z.union([
  z.strictObject({ artifactId: z.string().min(1).max(200).describe("A file of one of your earlier jobs.") }),
  z.strictObject({ uploadId: z.string().min(1).max(200).describe("A finished resumable upload.") }),
  remote,
]);
export type FileReference = z.output<typeof reference>;
const references = boundedList(reference, MOST_FILES);

export const jobBody = z.strictObject({ ...fields, files: references.default([]) });
export type JobBody = z.output<typeof jobBody>;

const formFields = z.strictObject(fields);
export type JobFields = z.output<typeof formFields>;

/** For the documentation alone: a form is read part by part. */
export const jobForm = z.object({
  ...fields,
  options: z.string().describe("JSON text.").optional(),
  priority: z.string().optional(),
  metadata: z.string().describe("JSON text.").optional(),
  items: z.string().describe("JSON text.").optional(),
  files: z
    .array(z.string().meta({ format: "binary" }))
    .optional()
    .describe(
      'Files, and parts without a file name that hold references as JSON text, such as `[{"url": "https://…"}]`. Any order works; `pipeline` and `onInvalidFile` first let a full queue or a wrong file refuse before the files are read.',
    ),
});

export const idempotencyHeader = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 visible ASCII characters")
    .optional()
    .describe("Repeats the first answer for 24 h; the same key with another request is refused."),
});

const JSON_FIELDS: ReadonlySet<string> = new Set(["options", "metadata", "items"]);
export const FIELD_NAMES: ReadonlySet<string> = new Set(Object.keys(fields));

/** The fields of a form, as the JSON body would have them. */
export function parseFormFields(parts: ReadonlyMap<string, unknown>): JobFields {
  const values: Record<string, unknown> = {};
  for (const [name, value] of parts) {
    // A part of type application/json comes parsed.
    if (typeof value !== "string") values[name] = value;
    else if (JSON_FIELDS.has(name)) values[name] = parseJson(name, value);
    else values[name] = name === "priority" ? Number(value) : value;
  }
  const parsed = formFields.safeParse(values);
  if (parsed.success) return parsed.data;
  throw invalidRequestWith(parsed.error.issues);
}

/** The references in a part of a form: a list of them, or one. */
export function parseReferences(value: unknown): FileReference[] {
  const given = typeof value === "string" ? parseJson("files", value) : value;
  const parsed = references.safeParse(Array.isArray(given) ? given : [given]);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ["files", ...issue.path] }));
  throw invalidRequestWith(issues);
}

/** Whether a worker fetches some of these first. */
export function hasRemote(files: readonly object[]): boolean {
  return files.some((file) => "url" in file);
}

/** Whether a job waits in the queue for its time, and not for its turn. */
export function startsLater(
  { startAt }: Pick<JobFields, "startAt">,
  { store }: { store: { now(): number } },
): boolean {
  return startAt !== undefined && Date.parse(startAt) > store.now();
}

function parseJson(name: string, text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MillraceError("invalid_request", `The field ${name} is not valid JSON.`, {
      extra: { issues: [{ path: name, message: "is not valid JSON" }] },
      cause: error,
    });
  }
}
