import { z } from "zod";
import {
  isOpenOperation,
  type OperationRecord,
  operationActions,
  operationStates,
} from "../../domain/operations.ts";
import type { Json } from "../../domain/records.ts";
import { jobStates } from "../../domain/states.ts";
import { iso } from "../../domain/views.ts";
import { operationsOf } from "../../engine/operations/operations.ts";
import type { App } from "../../http/app.ts";
import { component, documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { count, maybeTime, time } from "./views.ts";

const tags = ["Operations"];
const text = z.string().min(1).max(200);
const moment = z.iso.datetime({ offset: true }).transform((at) => Date.parse(at));
const times = { from: moment.optional(), to: moment.optional() };

const letterFilter = z.strictObject({
  queue: text.optional(),
  pipeline: text.optional(),
  owner: text.optional(),
  code: text.optional(),
  group: z.string().max(200).optional(),
  text: text.optional().describe("Matches part of the error's code or of its group."),
  jobId: text.optional(),
  ...times,
});

const jobFilter = z.strictObject({
  owner: text.optional(),
  pipeline: text.optional(),
  states: z.array(z.enum(jobStates)).max(jobStates.length).optional(),
  code: text.optional(),
  error: text.optional(),
  file: text.optional(),
  metadata: z.strictObject({ key: text, value: z.string().max(500) }).optional(),
  text: text.optional(),
  ...times,
});

const common = {
  action: z.enum(operationActions),
  options: z
    .record(z.string(), z.unknown())
    .nullable()
    .default(null)
    .describe(
      "For a replay: a JSON merge patch of the options. The failed work runs again in new jobs of the same owners, linked to the old ones.",
    ),
  dryRun: z.boolean().default(false).describe("Only counts. Start the operation with `/start`."),
  canary: z
    .int()
    .min(0)
    .max(100)
    .default(1)
    .describe(
      "For a replay: the number of tasks or jobs to run first. The others wait until these have succeeded.",
    ),
  perSecond: z.number().min(0.1).max(100).default(20),
  stopAfter: z
    .int()
    .min(0)
    .max(1_000)
    .default(3)
    .describe("A replay stops when this many have failed again with the same error. 0 means never."),
  most: z.int().min(1).max(1_000_000).nullable().default(null).describe("Maximum number to act on."),
};

const body = z.discriminatedUnion("target", [
  z.strictObject({ target: z.literal("dead-letters"), filter: letterFilter, ...common }),
  z.strictObject({ target: z.literal("jobs"), filter: jobFilter, ...common }),
]);

const operation = component(
  "Operation",
  z.object({
    id: z.string(),
    target: z.enum(["dead-letters", "jobs"]),
    filter: z.record(z.string(), z.unknown()),
    ...common,
    options: z.record(z.string(), z.unknown()).nullable(),
    state: z
      .enum(operationStates)
      .describe("Final states are `done`, `stopped`, `failed` and, for a dry run, `counted`."),
    reason: z.string().nullable().describe("Why the operation stopped or failed."),
    matched: count.describe("Number of matches. Grows while the operation counts."),
    done: count,
    skipped: count.describe(
      "Matches that were skipped because someone else handled them first, or because the action is no longer possible.",
    ),
    skippedBy: z.record(z.string(), count).describe("Skipped matches by error code."),
    returned: count.describe("Replayed tasks that failed again with the same error."),
    watching: count.describe("Replayed tasks that have not ended yet."),
    fraction: z.number().min(0).max(1),
    samples: z.array(z.string()).describe("Ids of the first matching tasks or jobs."),
    createdBy: z.string(),
    createdAt: time,
    startedAt: maybeTime,
    finishedAt: maybeTime,
  }),
);

export type OperationView = z.output<typeof operation>;

/** Bulk operations on everything that matches a filter. */
export function operationRoutes(app: App, context: ServerContext): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: App, { engine }: ServerContext): void {
  const operations = operationsOf(engine);

  app.route({
    method: "GET",
    url: "/v1/admin/operations",
    schema: {
      operationId: "operations",
      summary: "List operations, newest first",
      tags,
      querystring: z.object({
        limit: limitParam(100, 20),
        cursor: z.string().max(100).optional().describe("`nextCursor` of the previous page."),
      }),
      ...documented({ 200: pageOf(operation) }, ["forbidden"]),
    },
    async handler({ query: { limit, cursor } }) {
      const found = await operations.list({ before: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        items: page.map(operationView),
        nextCursor: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/admin/operations/:id",
    schema: {
      operationId: "operation",
      summary: "Retrieve an operation and its progress",
      tags,
      params: z.object({ id: z.string().max(100) }),
      ...documented({ 200: operation }, ["forbidden", "not_found"]),
    },
    handler: async ({ params }) => operationView(await operations.get(params.id)),
  });
}

function changeRoutes(app: App, { engine }: ServerContext): void {
  const operations = operationsOf(engine);
  const params = z.object({ id: z.string().max(100) });

  app.route({
    method: "POST",
    url: "/v1/admin/operations",
    schema: {
      operationId: "createOperation",
      summary: "Replay, cancel or delete everything that matches a filter",
      description:
        "The operation counts its matches first, and continues even if a process exits. Only what exists now can match. A replay starts with its canaries, keeps to its rate, and stops when the same errors come back.",
      tags,
      body,
      ...documented({ 202: operation }, ["forbidden", "quota_exceeded"]),
    },
    async handler(request, reply) {
      const asked = { ...request.body, options: request.body.options as { [name: string]: Json } | null };
      const made = await operations.create({ ...asked, createdBy: request.principal.owner });
      reply.code(202).header("location", `/v1/admin/operations/${made.id}`);
      return operationView(made);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/operations/:id/start",
    schema: {
      operationId: "startOperation",
      summary: "Start an operation after its dry run",
      tags,
      params,
      ...documented({ 202: operation }, ["forbidden", "not_found", "operation_state"]),
    },
    async handler(request, reply) {
      return reply.code(202).send(operationView(await operations.start(request.params.id)));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/operations/:id/stop",
    schema: {
      operationId: "stopOperation",
      summary: "Stop an operation",
      description: "Work that is already running continues.",
      tags,
      params,
      ...documented({ 202: operation }, ["forbidden", "not_found", "operation_state"]),
    },
    async handler(request, reply) {
      await operations.stop(request.params.id);
      return reply.code(202).send(operationView(await operations.get(request.params.id)));
    },
  });
}

export function operationView(record: OperationRecord): OperationView {
  const { from, to, ...filter } = record.filter;
  const acted = record.done + record.skipped;
  const bounds = { ...(from !== undefined && { from: iso(from) }), ...(to !== undefined && { to: iso(to) }) };
  return {
    id: record.id,
    target: record.target,
    filter: { ...filter, ...bounds },
    action: record.action,
    options: record.options,
    dryRun: record.dryRun,
    canary: record.canary,
    perSecond: record.perSecond,
    stopAfter: record.stopAfter,
    most: record.most,
    state: record.state,
    reason: record.reason,
    matched: record.matched,
    done: record.done,
    skipped: record.skipped,
    skippedBy: record.skippedBy,
    returned: record.returned,
    watching: isOpenOperation(record) ? record.watched.length : 0,
    fraction: record.state === "done" ? 1 : Math.min(1, acted / Math.max(1, record.matched)),
    samples: record.samples,
    createdBy: record.createdBy,
    createdAt: iso(record.createdAt)!,
    startedAt: iso(record.startedAt),
    finishedAt: iso(record.finishedAt),
  };
}
