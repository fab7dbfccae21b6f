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
import { operatorFailure } from "./dead-letters.ts";

const attempt = z.object({
  taskId: z.string(),
  index: z.int().nullable().describe("Of the item; `null` for a step of the whole job."),
  part: z.int().nullable().describe("Of the part, where the item was split."),
  name: z.string(),
  step: z.string(),
  run: z.int().describe("Of the job: each retry or replay begins the next."),
  attempt: z.int(),
  outcome: z
    .enum(["running", "succeeded", "failed", "lost", "died"])
    .describe(
      "`lost`: its worker died or lost touch. `died`: the process that ran it alone ended by itself.",
    ),
  cached: z.boolean(),
  worker: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  ms: z.int().nullable().describe("How long it took; `null` while it runs."),
  error: operatorFailure.nullable(),
});

const index = z.coerce.number().int().min(0).max(999_999);

/** What became of each attempt at the tasks of a job, for operators. */
export function timelineRoutes(app: App, { engine }: ServerContext): void {
  const { store } = engine;

  app.route({
    method: "GET",
    url: "/v1/admin/jobs/:id/timeline",
    schema: {
      operationId: "jobTimeline",
      summary: "The attempts at a job's tasks",
      description:
        "Those of its `all` steps and of its items, or with `index` those of one item and of its parts. Of attempts that came to nothing, the last 20 of each task are kept, with the stack trace of an error that the step did not declare.",
      tags: ["Operations"],
      params: z.object({ id: z.string().min(1) }),
      querystring: z.object({
        index: index.optional().describe("Of an item."),
        part: index.optional().describe("Of a part of that item: its attempts alone."),
        limit: limitParam(100, 50).describe("Tasks whose attempts are told, at most 100."),
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

/** The next page of tasks: the cursor is the place of the last one of the page before. */
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
  // The item itself comes first, and its parts after it.
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
