import { z } from "zod";
import type { itemView, jobView, partView } from "../domain/job-views.ts";
import { itemStates, jobStates } from "../domain/states.ts";
import type { StepView } from "../domain/step-views.ts";
import type { FileView, Progress } from "../domain/views.ts";
import { catalogue, type ErrorCode } from "../errors.ts";
import { errorCodes } from "../http/problem.ts";

/*
 * The shapes of the HTTP contract, from which the OpenAPI document is made. Requests are checked against
 * theirs; answers are made of our own records and written as they are, and tests hold them to these.
 */

/** What the document names once and refers to; pipelines may have named schemas of their own. */
export const componentNames = new Set<string>();

export function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  componentNames.add(id);
  return schema.meta({ id });
}

/** What an answer has and its schema lacks would not be sent: the compiler asks for all members, and for no others. */
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
      detail: z.string().describe("What is wrong with this request, in words."),
      code: z.enum(errorCodes).describe("Stable; see the error catalogue."),
      retryable: z.boolean().describe("Whether the same request may succeed later."),
      requestId: z.string(),
    })
    .describe("RFC 9457 problem document. Some errors add members, such as `limit` or `issues`."),
);

const failure = component("Failure", z.object({ code: z.string(), message: z.string() }));

const warnings = z
  .array(component("Warning", z.object({ code: z.string(), message: z.string() })))
  .describe("What of a result is not as it was asked for.");

const children = z
  .array(component("Child", z.object({ key: z.string(), jobId: z.string(), pipeline: z.string() })))
  .describe("Jobs that its steps started.");

const parent = component(
  "Parent",
  z.object({
    jobId: z.string(),
    index: count.nullable().describe("Of its item; `null` for an `all` step."),
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
    deleted: z.literal(true).optional().describe("An input that went when its job succeeded."),
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
        startedAt: maybeTime.describe("Of its last attempt; `null` where it came from the cache."),
        ms: count.nullable().describe("How long its last attempt took; `null` until it has ended."),
        cached: z.boolean(),
        outputs: z.array(file).describe("The files that it wrote."),
        result: json.describe("What it returned; `null` where `resultFile` has it."),
        resultFile: file.nullable(),
        warnings,
        error: failure.nullable(),
      } satisfies Members<StepView>),
    ),
  )
  .describe("Its steps so far: those that have ended, and the one that waits, runs or failed.");

const progress = component(
  "Progress",
  z.object({
    total: count,
    done: count,
    failed: count,
    cached: count,
    fraction: z.number().min(0).max(1).describe("Steps ended, of all steps of all items."),
  } satisfies Members<Progress>),
);

export const item = component(
  "Item",
  z.object({
    index: count,
    name: z.string(),
    state: z.enum(itemStates),
    step: z.string().nullable(),
    attempt: count,
    cached: z.boolean(),
    url: z.string().nullable().describe("Where its file is fetched from, where the job named it so."),
    input: file.nullable().describe("`null` also until a file that the job names by URL was fetched."),
    data: json.describe("What was sent instead of a file; `null` where `dataFile` has it."),
    dataFile: file.nullable().describe("Data of more than 64 KB, as a file of JSON."),
    outputs: z.array(file),
    result: json.describe("What its last step returned; `null` where `resultFile` has it."),
    resultFile,
    error: failure.nullable(),
    warnings,
    children,
    parts: component("Parts", z.object({ total: count, done: count, failed: count })).describe(
      "Of an item that was split, how many parts it has and how they ended; all 0 otherwise.",
    ),
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
    data: json.describe("What it was made of; `null` where `dataFile` has it."),
    dataFile: file.nullable(),
    files: z.array(file).describe("The files that it was made of."),
    outputs: z.array(file),
    result: json.describe("What its last step returned; `null` where `resultFile` has it."),
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
    run: z.int().describe("Starts at 1; each retry or replay begins the next."),
    progress,
    items: z.array(item).describe("At most the first 100; `/items` has all of them. Empty in lists."),
    result: json.describe("What its last `all` step returned; `null` where `resultFile` has it."),
    resultFile,
    outputs: z.array(file).describe("What its `all` steps wrote. Empty in lists."),
    error: failure.nullable(),
    warnings,
    steps: steps.describe("Its `all` steps so far. Empty in lists."),
    parent: parent.nullable().describe("The step that started it."),
    children,
    createdAt: time,
    waiting: z
      .string()
      .nullable()
      .describe("Why nothing of it can run at present: no worker has the version of its pipeline."),
    startAt: maybeTime,
    startedAt: maybeTime,
    finishedAt: maybeTime,
    expiresAt: maybeTime.describe("When its files go."),
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
      mediaTypes: z.array(z.string()).describe("Known by content; `*` for any."),
      minFiles: count,
      maxFiles: count,
      maxFileBytes: count,
      maxItems: count.describe("Items of data instead of files; 0 where it takes none."),
      data: z.record(z.string(), json).nullable().describe("JSON Schema of the data of one item."),
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

/** The answers of a route, with its own errors and those that every route may give. */
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
