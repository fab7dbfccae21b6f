import { z } from "zod";
import { eventTypes } from "../../domain/records.ts";
import { itemStates, jobStates } from "../../domain/states.ts";
import { component, failure, file, parts, progress, warnings } from "../api-schemas.ts";

const archive = component(
  "ArchiveProgress",
  z.object({
    downloads: z
      .int()
      .describe("Number of downloads in progress. 0 after the last one has ended or was aborted."),
    sentBytes: z.int().describe("Bytes that have been sent, of all these downloads together."),
    totalBytes: z.int().describe("Size of these downloads together."),
    downloadedAt: z.iso.datetime().optional().describe("Present if a download has just been completed."),
  }),
);

const data = component(
  "EventData",
  z
    .looseObject({
      jobId: z.string().nullable().describe("`null` for events that belong to no job."),
      at: z.iso.datetime().optional().describe("When it happened. Only events of the log have it."),
      progress: progress.nullable().describe("Progress of the job after this event."),
      state: z
        .enum([...new Set([...jobStates, ...itemStates])])
        .optional()
        .describe("State of the job or, in item events, of the item."),
      index: z.int().optional().describe("Index of the item. Only in item events."),
      name: z.string().optional().describe("Name of the item."),
      step: z.string().nullable().optional(),
      attempt: z.int().optional().describe("Attempt of the step. Drop live events of earlier attempts."),
      cached: z.boolean().optional(),
      outputs: z.array(file).optional().describe("Files of the item so far."),
      error: failure.nullable().optional(),
      warnings: warnings.optional(),
      parts: parts.optional().describe("Parts of a split item."),
      retryAt: z.iso.datetime().optional().describe("`item.retrying`: when the next attempt is due."),
      run: z.int().optional().describe("`job.reopened`: the new run."),
      items: z.array(z.int()).optional().describe("`job.reopened`: the items that run again."),
      fraction: z.number().optional().describe("`item.progress`: progress of the step, from 0 to 1."),
      message: z.string().nullable().optional().describe("`item.progress`: what the step is doing."),
      text: z.string().optional().describe("`text.delta`: a piece of streamed text."),
      offset: z.int().optional().describe("`text.delta`: position of the piece in the whole text."),
      part: z.int().optional().describe("Index of the part that sent the live event."),
      archive: archive.optional().describe("`archive.progress`: the downloads of the job's archive."),
    })
    .describe("Data of an event. Fields that do not apply to its type are absent."),
);

/** One server-sent event in the OpenAPI document. */
export const event = component(
  "Event",
  z
    .object({
      id: z.string().optional().describe("Position in your log, for `Last-Event-ID`. Live events have none."),
      event: z
        .enum([...eventTypes, "item.progress", "text.delta", "archive.progress", "notification", "resync"])
        .describe(
          "`item.progress`, `text.delta` and `archive.progress` are live only. `archive.progress` and `notification` appear only in `/v1/events`. After `resync`, read the jobs again.",
        ),
      data,
    })
    .describe("One server-sent event. `data` is sent as one line of JSON."),
);
