import { z } from "zod";
import { errorGroup } from "../../domain/error-groups.ts";
import { taskId, timeOfId } from "../../domain/ids.ts";
import type { FileRef, Json, TaskRecord } from "../../domain/records.ts";
import { iso } from "../../domain/views.ts";
import type { DeadLetter } from "../../ports/store/operations.ts";
import { component } from "../api-schemas.ts";
import { count, maybeTime, operatorFailure, placeOf, time } from "./views.ts";

/** Preview length of data or of a text file, in characters. */
export const PREVIEW_CHARACTERS = 2_000;

const inputFile = z.object({
  artifactId: z.string(),
  name: z.string(),
  mediaType: z.string(),
  bytes: count,
});

const input = component(
  "FailedInput",
  z.object({
    files: z
      .array(inputFile)
      .describe("Files that the step read. `/input` of the dead letter sends the first one."),
    url: z.string().nullable().describe("URL of a file that was to be fetched."),
    data: z
      .string()
      .nullable()
      .describe("First 2,000 characters of the item's data as JSON. `null` if it has no data."),
    text: z
      .string()
      .nullable()
      .describe("First 2,000 characters of a text file. Only when you retrieve a single dead letter."),
  }),
);

export const deadLetter = component(
  "DeadLetter",
  z.object({
    taskId: z.string(),
    jobId: z.string(),
    owner: z.string(),
    pipeline: z.string(),
    step: z.string(),
    queue: z.string(),
    index: z.int().nullable().describe("Index of the item. `null` for a step of the whole job."),
    part: z.int().nullable().describe("Index of the part, if the item was split."),
    name: z.string(),
    attempt: z.int(),
    deaths: z.int().describe("Number of processes that died while they ran only this task."),
    error: operatorFailure.nullable(),
    group: z.string().describe("The group of the error."),
    input,
    createdAt: time.describe("Time when the job was created."),
    finishedAt: maybeTime,
  }),
);

export const deadGroup = component(
  "DeadLetterGroup",
  z.object({
    queue: z.string(),
    pipeline: z.string(),
    step: z.string(),
    code: z.string().describe("Error code."),
    group: z.string().describe("First line of the error, with every number replaced by 0."),
    count,
    firstAt: time.describe("Creation time of the oldest job in the group."),
    lastAt: time.describe("Creation time of the newest job in the group."),
    sample: deadLetter
      .nullable()
      .describe("The newest dead letter of the group. `null` if it no longer exists."),
  }),
);

export function deadLetterView(task: DeadLetter, text: string | null = null): z.output<typeof deadLetter> {
  return {
    taskId: taskId(task.jobId, task.item),
    jobId: task.jobId,
    owner: task.owner,
    pipeline: task.pipeline,
    step: task.stepName,
    queue: task.queue,
    ...placeOf(task.item),
    name: task.name,
    attempt: task.attempt,
    deaths: task.deaths,
    error: task.error,
    group: errorGroup(task.error),
    input: { files: inputsOf(task).map(fileOf), url: task.url, data: dataOf(task), text },
    createdAt: new Date(timeOfId(task.jobId)).toISOString(),
    finishedAt: iso(task.finishedAt),
  };
}

/** Files that the step read: those of the item, of the part, or of the previous step. */
export function inputsOf({ inputs, input, dataFile, part }: TaskRecord): FileRef[] {
  const given = inputs.length > 0 ? inputs : input ? [input] : [];
  return [...given, ...[dataFile, part?.dataFile].filter((file) => file != null)];
}

function fileOf({ artifactId, name, mediaType, bytes }: FileRef): z.output<typeof inputFile> {
  return { artifactId, name, mediaType, bytes };
}

function dataOf({ data, part }: TaskRecord): string | null {
  const value: Json = part ? part.data : data;
  return value === null ? null : JSON.stringify(value, null, 2).slice(0, PREVIEW_CHARACTERS);
}
