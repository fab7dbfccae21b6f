import { z } from "zod";
import { taskId } from "../../domain/ids.ts";
import { partAt } from "../../domain/parts.ts";
import { JOB_ITEM, type JobRecord, type TaskRecord } from "../../domain/records.ts";
import { attemptsView } from "../../domain/step-views.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { operatorFailure } from "./views.ts";

const attempt = z.object({
  taskId: z.string(),
  index: z.int().nullable().describe("Index of the item. `null` for a step of the whole job."),
  part: z.int().nullable().describe("Index of the part, if the item was split."),
  name: z.string(),
  step: z.string(),
  run: z.int().describe("Run of the job. Each retry or replay starts the next one."),
  attempt: z.int(),
  outcome: z
    .enum(["running", "succeeded", "failed", "lost", "died"])
    .describe(
      "`lost`: the worker died or lost contact. `died`: the task was the only one in its process, and the process exited on its own.",
    ),
  cached: z.boolean(),
  worker: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  ms: z.int().nullable().describe("Duration. `null` while it runs."),
  error: operatorFailure.nullable(),
});

const index = z.coerce.number().int().min(0).max(999_999);

/** The outcome of each attempt at a job's tasks, for operators. */
export function timelineRoutes(app: App, { engine }: ServerContext): void {
  const { store } = engine;

  app.route({
    method: "GET",
    url: "/v1/admin/jobs/:id/timeline",
    schema: {
      operationId: "jobTimeline",
      summary: "List the attempts at a job's tasks",
      description:
        "Covers the job's `all` steps and its items. With `index`, covers one item and its parts. The last 20 unsuccessful attempts of each task are kept, with a stack trace if the step did not declare the error.",
      tags: ["Operations"],
      params: z.object({ id: z.string().min(1) }),
      querystring: z.object({
        index: index.optional().describe("Index of an item."),
        part: index.optional().describe("Index of a part of that item, to list the part's attempts only."),
        limit: limitParam(100, 50).describe("Number of tasks whose attempts are listed, at most 100."),
        cursor: z
          .string()
          .regex(/^(all|item|\d{1,6})$/, "is not a cursor of this list")
          .optional(),
      }),
      ...documented({ 200: pageOf(attempt) }, ["forbidden", "not_found"]),
    },
    async handler(request) {
      const { id } = request.params;
      const job = await store.job({ owner: null, id });
      if (!job) throw new MillraceError("not_found", "There is no such job.");
      if ((request.query.index ?? 0) >= job.total)
        throw new MillraceError("not_found", "There is no such item.");
      const { tasks, next } = await tasksOf(store, job, request.query);
      const items = tasks.length === 0 ? [] : await attemptsOf(store, job, tasks);
      return { items, nextCursor: next };
    },
  });
}

interface Query {
  index?: number | undefined;
  part?: number | undefined;
  limit: number;
  cursor?: string | undefined;
}

interface Tasks {
  tasks: TaskRecord[];
  next: string | null;
}

/** The next page of tasks. The cursor is the position of the last task on the previous page. */
async function tasksOf(store: Store, job: JobRecord, query: Query): Promise<Tasks> {
  const { index, part, limit, cursor } = query;
  const jobId = job.id;
  if (index === undefined) {
    const after = cursor === undefined ? JOB_ITEM - 1 : cursor === "all" ? JOB_ITEM : Number(cursor);
    const tasks = await store.items({ jobId, after, limit });
    const last = tasks.at(-1)?.item;
    const more = last !== undefined && last < job.total - 1;
    return { tasks, next: more ? (last === JOB_ITEM ? "all" : String(last)) : null };
  }
  if (part !== undefined) {
    const tasks = await store.parts({ jobId, item: index, after: part - 1, limit: 1 });
    return { tasks: tasks.filter((task) => partAt(task.item)!.part === part), next: null };
  }
  // The item itself comes first, then its parts.
  if (cursor === undefined) {
    const [item] = await store.items({ jobId, after: index - 1, limit: 1 });
    return { tasks: item ? [item] : [], next: item?.split ? "item" : null };
  }
  const after = cursor === "item" ? undefined : Number(cursor);
  const tasks = await store.parts({ jobId, item: index, after, limit });
  const last = tasks.at(-1) && partAt(tasks.at(-1)!.item)!.part;
  const more = last !== undefined && last < tasks[0]!.part!.total - 1;
  return { tasks, next: more ? String(last) : null };
}

async function attemptsOf(store: Store, job: JobRecord, tasks: readonly TaskRecord[]) {
  const [first, last] = [tasks[0]!.item, tasks.at(-1)!.item];
  const failed = Map.groupBy(await store.attempts({ jobId: job.id, first, last }), ({ item }) => item);
  return tasks.flatMap((task) => {
    const part = partAt(task.item);
    const of = {
      taskId: taskId(job.id, task.item),
      index: part ? part.item : task.item === JOB_ITEM ? null : task.item,
      part: part ? part.part : null,
      name: task.name,
    };
    return attemptsView(job, task, failed.get(task.item) ?? []).map((one) => ({ ...of, ...one }));
  });
}
