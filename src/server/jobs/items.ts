import { z } from "zod";
import { itemView } from "../../domain/job-views.ts";
import type { TaskRecord } from "../../domain/records.ts";
import { type ItemState, itemStates, type TaskState } from "../../domain/states.ts";
import { itemState } from "../../domain/views.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, item, jobParams, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

export function itemRoutes(app: App, { engine }: ServerContext): void {
  const { store } = engine;

  app.route({
    method: "GET",
    url: "/v1/jobs/:id/items",
    schema: {
      operationId: "jobItems",
      summary: "List a job's items",
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
      const job = await store.job({ owner: request.principal.owner, id: request.params.id });
      if (!job) throw new MillraceError("not_found", "There is no such job.");
      const after = cursor === undefined ? undefined : Number(cursor);
      const page = await itemsIn(store, { jobId: job.id, after, limit, state });
      const last = page.at(-1)?.item;
      const more =
        last !== undefined && (await itemsIn(store, { jobId: job.id, after: last, limit: 1, state }));
      return {
        items: page.map((task) => itemView(job, task)),
        nextCursor: more && more.length > 0 ? String(last) : null,
      };
    },
  });
}

/** Task states behind each item state. `queued` and `retrying` share theirs and differ by the number of attempts. */
export const recorded: Record<ItemState, TaskState[]> = {
  queued: ["scheduled", "ready", "published"],
  retrying: ["scheduled", "ready", "published"],
  running: ["leased", "split"],
  succeeded: ["succeeded"],
  failed: ["dead", "refused"],
  cancelled: ["cancelled"],
};

/** A page of the items in a state. Only an empty page is the last one. */
async function itemsIn(
  store: Pick<Store, "items">,
  query: { jobId: string; after: number | undefined; limit: number; state: ItemState | undefined },
): Promise<TaskRecord[]> {
  const { jobId, limit, state } = query;
  if (state === undefined) return store.items({ jobId, after: query.after, limit });
  let { after } = query;
  for (;;) {
    const tasks = await store.items({ jobId, after, limit, states: recorded[state] });
    const found = tasks.filter((task) => itemState(task) === state);
    if (tasks.length === 0 || found.length > 0) return found;
    after = tasks.at(-1)!.item;
  }
}
