import { z } from "zod";
import { MAX_METADATA, MAX_NOTIFY } from "../../domain/job-spec.ts";
import { dataItems } from "../../engine/intake/data-items.ts";
import { boundedList, boundedObject, metadataStrings } from "../../engine/intake/json-bounds.ts";
import { MOST_FILES } from "../../engine/intake/request-checks.ts";
import { MillraceError } from "../../errors.ts";
import { invalidRequestWith } from "../../http/problem.ts";
import { MOST_ITEMS } from "../../pipeline/accepts.ts";

const fields = {
  pipeline: z.string().min(1).max(100).describe("Name of the pipeline to run, such as `image.convert`."),
  options: boundedObject
    .default({})
    .describe("Options of the pipeline. See its JSON Schema at `/v1/pipelines/{name}`."),
  items: dataItems
    .default([])
    .describe(`Up to ${MOST_ITEMS} items of data instead of files, for pipelines that accept data.`),
  priority: z
    .int()
    .min(0)
    .max(9)
    .optional()
    .describe("From 0 to 9, by default 4. Higher priorities run first."),
  startAt: z.iso.datetime({ offset: true }).optional().describe("The job does not start before this time."),
  metadata: metadataStrings
    .optional()
    .describe(`Up to ${MAX_METADATA} strings of your own. They are returned in the job and in webhooks.`),
  notify: z
    .array(
      z.union([
        z.strictObject({
          url: z.string().min(1).max(2_048).describe("Receives an unsigned webhook when the job ends."),
        }),
        z.strictObject({ email: z.email().max(254).describe("Must be the owner's confirmed address.") }),
      ]),
    )
    .max(MAX_NOTIFY)
    .optional()
    .describe(`Up to ${MAX_NOTIFY} addresses to notify when the job ends.`),
  onInvalidFile: z
    .enum(["reject", "skip"])
    .default("reject")
    .describe(
      "What to do if the pipeline does not accept a file's content or size. `reject` refuses the request. `skip` fails that file's item and runs the others.",
    ),
};

const ownOptions = boundedObject
  .optional()
  .describe(
    "Options of this file: a JSON merge patch of the job's `options`, so `null` removes one. A file among them is given by its `artifactId`.",
  );

const remote = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe("An `https://` or `http://` address without credentials. A worker fetches the file from it."),
  options: ownOptions,
});
const reference = z.union([
  z.strictObject({
    artifactId: z.string().min(1).max(200).describe("Id of a file from one of your earlier jobs."),
    options: ownOptions,
  }),
  z.strictObject({
    uploadId: z.string().min(1).max(200).describe("Id of a finished resumable upload."),
    options: ownOptions,
  }),
  remote,
]);
export type FileReference = z.output<typeof reference>;
const references = boundedList(reference, MOST_FILES);

export const jobBody = z.strictObject({ ...fields, files: references.default([]) });
export type JobBody = z.output<typeof jobBody>;

const fileOptions = boundedList(boundedObject.nullable(), MOST_FILES);
const formFields = z.strictObject({ ...fields, fileOptions: fileOptions.default([]) });
export type JobFields = z.output<typeof formFields>;

/** For documentation only: forms are read part by part. */
export const jobForm = z.object({
  ...fields,
  options: z.string().describe("JSON text.").optional(),
  priority: z.string().optional(),
  metadata: z.string().describe("JSON text.").optional(),
  items: z.string().describe("JSON text.").optional(),
  notify: z.string().describe("JSON text.").optional(),
  fileOptions: z
    .string()
    .describe(
      'JSON text: options of single files, as a list in the order of the files. Each entry is a JSON merge patch of `options`, or `null` for a file without its own, such as `[null, {"width": 640}]`.',
    )
    .optional(),
  files: z
    .array(z.string().meta({ format: "binary" }))
    .optional()
    .describe(
      'Files. Parts without a file name can hold references as JSON text, such as `[{"url": "https://…"}]`. Fields can come in any order. Send `pipeline` and `onInvalidFile` first, so that a full queue or an invalid file is refused before the files are read.',
    ),
});

export const idempotencyHeader = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 visible ASCII characters")
    .optional()
    .describe(
      "For 24 hours, a request with the same key returns the first response instead of creating another job. The same key with a different request is refused.",
    ),
});

const JSON_FIELDS: ReadonlySet<string> = new Set(["options", "metadata", "items", "notify", "fileOptions"]);
export const FIELD_NAMES: ReadonlySet<string> = new Set(Object.keys(formFields.shape));

/** Converts form fields to what a JSON body would contain. */
export function parseFormFields(parts: ReadonlyMap<string, unknown>): JobFields {
  const values: Record<string, unknown> = {};
  for (const [name, value] of parts) {
    // An application/json part arrives parsed.
    if (typeof value !== "string") values[name] = value;
    else if (JSON_FIELDS.has(name)) values[name] = parseJson(name, value);
    else values[name] = name === "priority" ? Number(value) : value;
  }
  const parsed = formFields.safeParse(values);
  if (parsed.success) return parsed.data;
  throw invalidRequestWith(parsed.error.issues);
}

/** Parses the file references in a form part: a list or a single one. */
export function parseReferences(value: unknown): FileReference[] {
  const given = typeof value === "string" ? parseJson("files", value) : value;
  const parsed = references.safeParse(Array.isArray(given) ? given : [given]);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ["files", ...issue.path] }));
  throw invalidRequestWith(issues);
}

/** Whether a worker must fetch some of these files first. */
export function hasRemote(files: readonly object[]): boolean {
  return files.some((file) => "url" in file);
}

/** Whether a job waits for its start time rather than for its turn. */
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
