import { z } from "zod";
import type { itemView, jobView, partView } from "../domain/job-views.ts";
import { itemStates, jobStates } from "../domain/states.ts";
import type { StepView } from "../domain/step-views.ts";
import type { FileView, Progress } from "../domain/views.ts";
import { catalogue, type ErrorCode } from "../errors.ts";
import { errorCodes } from "../http/problem.ts";

/*
 * Schemas of the HTTP API, from which the OpenAPI document is generated. Requests are validated against them.
 * Responses are not: they are built from our own records, and tests check them against these schemas.
 */

/** Schemas that the document defines once and references. Pipelines may add their own. */
export const componentNames = new Set<string>();

export function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  componentNames.add(id);
  return schema.meta({ id });
}

/** Makes the compiler check that a schema has exactly the view's members. */
type Members<View extends object> = Record<keyof View, z.ZodType>;

const json = z.unknown();
const time = z.iso.datetime();
const maybeTime = time.nullable();
const count = z.int().min(0);

export const problem = component(
  "Problem",
  z
    .looseObject({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string().describe("What is wrong with this request."),
      code: z.enum(errorCodes).describe("Stable error code. See the list of errors."),
      retryable: z.boolean().describe("Whether the same request may succeed later."),
      requestId: z.string(),
    })
    .describe(
      "An RFC 9457 problem document. Some errors have additional members, such as `limit` or `issues`.",
    ),
);

export const failure = component("Failure", z.object({ code: z.string(), message: z.string() }));

export const warnings = z
  .array(component("Warning", z.object({ code: z.string(), message: z.string() })))
  .describe("How the result differs from the request.");

const children = z
  .array(component("Child", z.object({ key: z.string(), jobId: z.string(), pipeline: z.string() })))
  .describe("Jobs that the item's steps started.");

const parent = component(
  "Parent",
  z.object({
    jobId: z.string(),
    index: count.nullable().describe("Index of the item. `null` for an `all` step."),
    step: z.string(),
  }),
);

export const file = component(
  "File",
  z.object({
    artifactId: z.string(),
    name: z.string(),
    bytes: count,
    sha256: z.string(),
    mediaType: z.string(),
    meta: z.record(z.string(), json).optional(),
    deleted: z.literal(true).optional().describe("Present if the input was deleted when its job succeeded."),
  } satisfies Members<FileView>),
);

const resultFile = file
  .nullable()
  .describe(
    "A long result, of more than 64 KB at the latest, as a file of JSON: fetch `/v1/artifacts/{artifactId}`.",
  );

const steps = z
  .array(
    component(
      "Step",
      z.object({
        name: z.string(),
        state: z.enum(itemStates),
        attempt: count,
        startedAt: maybeTime.describe("Start of the last attempt. `null` if the result came from the cache."),
        ms: count.nullable().describe("Duration of the last attempt. `null` until it has ended."),
        cached: z.boolean(),
        outputs: z.array(file).describe("Files that the step wrote."),
        result: json.describe("The step's return value. `null` if it is in `resultFile`."),
        resultFile: file.nullable(),
        warnings,
        error: failure.nullable(),
      } satisfies Members<StepView>),
    ),
  )
  .describe("Steps so far: the finished ones, and the one that is waiting, running or failed.");

export const progress = component(
  "Progress",
  z.object({
    total: count,
    done: count,
    failed: count,
    cached: count,
    fraction: z.number().min(0).max(1).describe("Finished steps as a fraction of all steps of all items."),
  } satisfies Members<Progress>),
);

export const parts = component("Parts", z.object({ total: count, done: count, failed: count }));

export const item = component(
  "Item",
  z.object({
    index: count,
    name: z.string(),
    state: z.enum(itemStates),
    step: z.string().nullable(),
    attempt: count,
    cached: z.boolean(),
    url: z.string().nullable().describe("URL of the file, if the job named it by URL."),
    options: json.describe("Options of this file, if it has its own. `null`: the job's."),
    input: file
      .nullable()
      .describe("The input file. `null` for data, and until a file named by URL has been fetched."),
    data: json.describe("Data sent instead of a file. `null` if it is in `dataFile`."),
    dataFile: file.nullable().describe("Data of more than 64 KB, as a JSON file."),
    outputs: z.array(file),
    result: json.describe("Return value of the last step. `null` if it is in `resultFile`."),
    resultFile,
    error: failure.nullable(),
    warnings,
    children,
    parts: parts.describe("Number of parts of a split item, and how they ended. All 0 for other items."),
    steps,
  } satisfies Members<ReturnType<typeof itemView>>),
);

export const part = component(
  "Part",
  z.object({
    index: count,
    name: z.string(),
    state: z.enum(itemStates),
    step: z.string().nullable(),
    attempt: count,
    cached: z.boolean(),
    data: json.describe("Data of the part. `null` if it is in `dataFile`."),
    dataFile: file.nullable(),
    files: z.array(file).describe("Files of the part."),
    outputs: z.array(file),
    result: json.describe("Return value of the last step. `null` if it is in `resultFile`."),
    resultFile,
    error: failure.nullable(),
    warnings,
    steps,
  } satisfies Members<ReturnType<typeof partView>>),
);

export const job = component(
  "Job",
  z.object({
    id: z.string(),
    pipeline: z.string(),
    pipelineVersion: z.int(),
    state: z.enum(jobStates),
    options: json,
    metadata: z.record(z.string(), z.string()),
    priority: z.int(),
    run: z.int().describe("Starts at 1. Each retry or replay starts the next run."),
    progress,
    firstItem: z.string().nullable().describe("Name of the first item. `null` if it has none."),
    items: z.array(item).describe("The first 100 items. `/items` has all of them. Empty in lists."),
    result: json.describe("Return value of the last `all` step. `null` if it is in `resultFile`."),
    resultFile,
    outputs: z.array(file).describe("Files that the `all` steps wrote. Empty in lists."),
    error: failure.nullable(),
    warnings,
    steps: steps.describe("The `all` steps so far. Empty in lists."),
    parent: parent.nullable().describe("The step that started this job."),
    children,
    createdAt: time,
    waiting: z
      .string()
      .nullable()
      .describe("Why the job cannot run at present: no worker has this version of the pipeline."),
    notify: z
      .array(z.union([z.object({ url: z.string() }), z.object({ email: z.string() })]))
      .describe("Who is notified when the job ends, besides its owner."),
    startAt: maybeTime,
    startedAt: maybeTime,
    finishedAt: maybeTime,
    expiresAt: maybeTime.describe("When its files are deleted."),
    archive: z.object({
      downloadedAt: maybeTime.describe(
        "When the archive was last downloaded to its end, by you or from a share link. `null` if it never was, or while the job runs.",
      ),
    }),
  } satisfies Members<ReturnType<typeof jobView>>),
);

export const pipeline = component(
  "Pipeline",
  z.object({
    name: z.string(),
    version: z.int(),
    title: z.string(),
    description: z.string(),
    accepts: z.object({
      mediaTypes: z
        .array(z.string())
        .describe("Accepted media types, detected from the content. `*` means any."),
      minFiles: count,
      maxFiles: count,
      maxFileBytes: count,
      maxItems: count.describe("Maximum number of data items. 0 if the pipeline takes no data."),
      data: z.record(z.string(), json).nullable().describe("JSON Schema of one item's data."),
    }),
    options: z.record(z.string(), json).describe("JSON Schema of a job's options."),
    steps: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(["each", "split", "join", "all"]),
        attempts: z.int(),
        timeoutMs: z.int(),
      }),
    ),
  }),
);

export const jobParams = z.object({ id: z.string().min(1) });

/** A page of a list: `nextCursor` is `null` on the last one. */
export function pageOf<Item extends z.ZodType>(items: Item) {
  return z.object({ items: z.array(items), nextCursor: z.string().nullable() });
}

export function limitParam(most: number, usual: number) {
  return z.coerce.number().int().min(1).max(most).default(usual).describe(`At most ${most}.`);
}

type Responses = Record<
  number,
  z.ZodType | { description: string; content?: Record<string, { schema: z.ZodType }> }
>;

/** A route's responses, with its own errors and those that any route may return. */
export function documented(
  answers: Responses,
  codes: readonly ErrorCode[],
): { response: Record<string, unknown> } {
  const response: Record<string, unknown> = { ...answers };
  const statuses = Map.groupBy([...codes, ...anywhere], (code) => catalogue[code].status);
  for (const [status, together] of statuses) {
    response[status] = {
      description: together.map((code) => `\`${code}\`: ${catalogue[code].title}`).join("\n\n"),
      content: { "application/problem+json": { schema: problem } },
    };
  }
  return { response };
}

const anywhere = ["invalid_request", "forbidden_origin", "rate_limited", "internal"] as const;
