import { z } from "zod";
import type { TaskRecord, TaskState } from "../../domain/records.ts";
import { type ItemState, itemState, itemView } from "../../domain/views.ts";
import { MillraceError } from "../../errors.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, item, itemStates, jobParams, limitParam, pageOf } from "../api-schemas.ts";
import type { App, ServerContext } from "../context.ts";

export function itemRoutes(app: App, { engine, ownerOf }: ServerContext): void {
  const { store } = engine;

  app.route({
    method: "GET",
    url: "/v1/jobs/:id/items",
    schema: {
      operationId: "jobItems",
      summary: "A job's items",
      tags: ["Jobs"],
      params: jobParams,
      querystring: z.object({
        state: z.enum(itemStates).optional(),
        limit: limitParam(1_000, 100),
        cursor: z
          .string()
          .regex(/^\d{1,9}$/, "is not a cursor of this list")
          .optional(),
      }),
      ...documented({ 200: pageOf(item) }, ["not_found"]),
    },
    async handler(request) {
      const { state, limit, cursor } = request.query;
      const job = await store.job({ owner: ownerOf(request), id: request.params.id });
      if (!job) throw new MillraceError("not_found", "There is no such job.");
      const after = cursor === undefined ? undefined : Number(cursor);
      const tasks = await itemsIn(store, { jobId: job.id, after, limit: limit + 1, state });
      const page = tasks.slice(0, limit);
      return {
        items: page.map((task) => itemView(job, task)),
        nextCursor: tasks.length > limit ? String(page.at(-1)!.item) : null,
      };
    },
  });
}

/** The task states that show as an item's; two of them share theirs and are told apart by their attempts. */
const recorded: Record<ItemState, TaskState[]> = {
  queued: ["scheduled", "ready", "published"],
  retrying: ["scheduled", "ready", "published"],
  running: ["leased"],
  succeeded: ["succeeded"],
  failed: ["dead"],
  cancelled: ["cancelled"],
};

async function itemsIn(
  store: Pick<Store, "items">,
  query: { jobId: string; after: number | undefined; limit: number; state: ItemState | undefined },
): Promise<TaskRecord[]> {
  const { jobId, limit, state } = query;
  if (state === undefined) return store.items({ jobId, after: query.after, limit });
  const found: TaskRecord[] = [];
  let { after } = query;
  for (;;) {
    const tasks = await store.items({ jobId, after, limit, states: recorded[state] });
    found.push(...tasks.filter((task) => itemState(task) === state));
    if (tasks.length < limit || found.length >= limit) return found.slice(0, limit);
    after = tasks.at(-1)!.item;
  }
}
