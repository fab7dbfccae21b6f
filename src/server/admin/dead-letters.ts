import { text as textOf } from "node:stream/consumers";
import { z } from "zod";
import { parseTaskId, taskId, timeOfId } from "../../domain/ids.ts";
import type { FileRef } from "../../domain/records.ts";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { DeadGroup, DeadLetter } from "../../ports/store/operations.ts";
import { documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { fileBytes, sendFile } from "../files/artifacts.ts";
import { deadGroup, deadLetter, deadLetterView, inputsOf, PREVIEW_CHARACTERS } from "./dead-letter-view.ts";
import { replayMany } from "./replay-many.ts";

const filter = {
  queue: z.string().max(200).optional(),
  pipeline: z.string().max(100).optional(),
  owner: z.string().max(200).optional(),
  code: z.string().max(100).optional().describe("Error code."),
  group: z.string().max(200).optional().describe("Limits the result to one group, as named by `/groups`."),
  text: z
    .string()
    .max(200)
    .optional()
    .describe("Matches part of the error's code or of its group's name. All numbers are treated as equal."),
  jobId: z.string().max(100).optional(),
};

export function deadLetterRoutes(app: App, context: ServerContext): void {
  listRoutes(app, context);
  oneRoutes(app, context);
  replayRoutes(app, context);
}

/** Maximum number of groups to count and to show with their newest dead letter. */
const MOST_GROUPS = 200;

function listRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/dead-letters",
    schema: {
      operationId: "deadLetters",
      summary: "List dead letters",
      tags: ["Operations"],
      querystring: z.object({
        ...filter,
        limit: limitParam(100, 20),
        cursor: z.string().max(200).optional(),
      }),
      ...documented({ 200: pageOf(deadLetter) }, ["forbidden"]),
    },
    async handler(request) {
      const { limit, ...rest } = request.query;
      const page = await engine.store.deadLetters({ ...rest, limit });
      const items = page.map((task) => deadLetterView(task));
      const cursor = items.at(-1)?.taskId;
      const more =
        cursor !== undefined && (await engine.store.deadLetters({ ...rest, limit: 1, cursor })).length > 0;
      return { items, nextCursor: more ? cursor : null };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/admin/dead-letters/groups",
    schema: {
      operationId: "deadLetterGroups",
      summary: "Group dead letters by queue and error, most frequent first",
      description: "Errors whose messages differ only in numbers form one group.",
      tags: ["Operations"],
      querystring: z.object({
        ...{ queue: filter.queue, code: filter.code, text: filter.text },
        limit: limitParam(MOST_GROUPS, 50),
      }),
      ...documented(
        {
          200: pageOf(deadGroup).extend({ total: z.int().describe("Number of dead letters in all groups.") }),
        },
        ["forbidden"],
      ),
    },
    async handler({ query }) {
      const groups = await engine.store.deadGroups(query);
      const samples = await Promise.all(
        groups.map(({ queue, code, group }) => engine.store.deadLetters({ queue, code, group, limit: 1 })),
      );
      const items = groups.map((group, n) => groupView(group, samples[n]![0]));
      return { items, nextCursor: null, total: groups.reduce((sum, one) => sum + one.count, 0) };
    },
  });
}

function groupView({ first, last, ...group }: DeadGroup, sample: DeadLetter | undefined) {
  const slash = group.queue.lastIndexOf("/");
  return {
    ...group,
    pipeline: group.queue.slice(0, slash),
    step: group.queue.slice(slash + 1),
    firstAt: new Date(timeOfId(first)).toISOString(),
    lastAt: new Date(timeOfId(last)).toISOString(),
    sample: sample ? deadLetterView(sample) : null,
  };
}

function oneRoutes(app: App, { engine }: ServerContext): void {
  const params = z.object({ taskId: z.string().max(60) });
  const one = deadLetter.extend({
    options: z.unknown().describe("Options of the item: its own, or its job's."),
    metadata: z.record(z.string(), z.string()),
  });

  app.route({
    method: "GET",
    url: "/v1/admin/dead-letters/:taskId",
    schema: {
      operationId: "deadLetter",
      summary: "Retrieve a dead letter with its job's options and a preview of its input",
      tags: ["Operations"],
      params,
      ...documented({ 200: one }, ["forbidden", "not_found"]),
    },
    async handler(request) {
      const letter = await deadLetterNamed(engine, request.params.taskId);
      const job = await engine.store.job({ owner: null, id: letter.jobId });
      const [file] = inputsOf(letter);
      return {
        ...deadLetterView(letter, file ? await beginningOf(engine, file) : null),
        options: letter.options ? letter.options.value : (job?.options ?? null),
        metadata: job?.metadata ?? {},
      };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/admin/dead-letters/:taskId/input",
    // This reads a user's file.
    config: { audit: true },
    schema: {
      operationId: "deadLetterInput",
      summary: "Download the input file of a dead letter",
      description: "The audit log records who downloaded it.",
      tags: ["Operations"],
      params,
      querystring: z.object({
        file: z.coerce.number().int().min(0).max(10_000).default(0).describe("Index into `input.files`."),
        download: z.string().optional().describe("If present, sends the file as an attachment."),
      }),
      ...documented({ 200: fileBytes, 206: fileBytes }, [
        "forbidden",
        "not_found",
        "gone",
        "range_not_satisfiable",
      ]),
    },
    async handler(request, reply) {
      const letter = await deadLetterNamed(engine, request.params.taskId);
      const file = inputsOf(letter)[request.query.file];
      if (!file) throw new MillraceError("not_found", "The dead letter has no such file.");
      return sendFile(engine, request, reply, { file, download: request.query.download !== undefined });
    },
  });
}

async function deadLetterNamed({ store }: Pick<Engine, "store">, id: string): Promise<DeadLetter> {
  const place = parseTaskId(id);
  const after = place && taskId(place.jobId, place.item + 1);
  const page = place ? await store.deadLetters({ jobId: place.jobId, cursor: after!, limit: 1 }) : [];
  const found = page[0];
  if (found?.item === place?.item && found) return found;
  throw new MillraceError("not_found", "There is no such dead letter. It may have been replayed.");
}

/** The first characters of a text file. `null` for other files, and if the bytes are gone. */
async function beginningOf({ blobs }: Pick<Engine, "blobs">, file: FileRef): Promise<string | null> {
  if (!/^text\/|[/+](json|xml|yaml|csv)$/.test(file.mediaType) || file.bytes === 0) return null;
  try {
    const end = Math.min(file.bytes, 4 * PREVIEW_CHARACTERS) - 1;
    return (await textOf(await blobs.open(file.blob, { start: 0, end }))).slice(0, PREVIEW_CHARACTERS);
  } catch {
    return null;
  }
}

function replayRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "POST",
    url: "/v1/admin/dead-letters/:taskId/replay",
    schema: {
      operationId: "replayDeadLetter",
      summary: "Replay a dead letter",
      tags: ["Operations"],
      params: z.object({ taskId: z.string() }),
      ...documented({ 202: z.object({ taskId: z.string() }) }, [
        "forbidden",
        "not_found",
        "job_not_retryable",
        "gone",
      ]),
    },
    async handler(request, reply) {
      await engine.replay(request.params.taskId);
      return reply.code(202).send({ taskId: request.params.taskId });
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/dead-letters/replay",
    schema: {
      operationId: "replayDeadLetters",
      summary: "Replay many dead letters",
      description:
        "Replays at a steady rate, newest first. Stops when replayed tasks fail with the same error again.",
      tags: ["Operations"],
      body: z.strictObject({
        ...filter,
        limit: z.int().min(1).max(1_000).default(100).describe("Maximum number to act on."),
        perSecond: z.number().min(1).max(100).default(20),
      }),
      ...documented({ 200: replayed }, ["forbidden"]),
    },
    async handler(request, reply) {
      const { limit, perSecond, ...rest } = request.body;
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      return replayMany(engine, rest, { limit, perSecond, signal: gone.signal });
    },
  });
}

const replayed = z.object({
  matched: z.int(),
  replayed: z.int(),
  skipped: z
    .int()
    .describe(
      "Tasks that could not be replayed because they were canceled, have expired, or were already replayed.",
    ),
  stoppedBy: z
    .string()
    .nullable()
    .describe("Code of the error that came back. `null` if all tasks were replayed."),
});
