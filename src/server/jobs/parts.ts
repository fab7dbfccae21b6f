import { z } from "zod";
import { partView } from "../../domain/job-views.ts";
import { partAt } from "../../domain/parts.ts";
import type { TaskRecord } from "../../domain/records.ts";
import { type ItemState, itemStates } from "../../domain/states.ts";
import { itemState } from "../../domain/views.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, limitParam, pageOf, part } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { recorded } from "./items.ts";

export function partRoutes(app: App, { engine }: ServerContext): void {
  const { store } = engine;

  app.route({
    method: "GET",
    url: "/v1/jobs/:id/items/:index/parts",
    schema: {
      operationId: "itemParts",
      summary: "List the parts of a split item",
      description: "Ordered by index. An item that was not split has no parts.",
      tags: ["Jobs"],
      params: z.object({
        id: z.string().min(1),
        index: z.string().regex(/^\d{1,6}$/, "is not the index of an item"),
      }),
      querystring: z.object({
        state: z.enum(itemStates).optional(),
        limit: limitParam(1_000, 100),
        cursor: z
          .string()
          .regex(/^\d{1,6}$/, "is not a cursor of this list")
          .optional(),
      }),
      ...documented({ 200: pageOf(part) }, ["not_found"]),
    },
    async handler(request) {
      const { state, limit, cursor } = request.query;
      const job = await store.job({ owner: request.principal.owner, id: request.params.id });
      const item = Number(request.params.index);
      if (!job || item >= job.total) throw new MillraceError("not_found", "There is no such job or item.");
      const after = cursor === undefined ? undefined : Number(cursor);
      const query = { jobId: job.id, item, state };
      const page = await partsIn(store, { ...query, after, limit });
      const last = page.at(-1) && partAt(page.at(-1)!.item)!.part;
      const more = last !== undefined && (await partsIn(store, { ...query, after: last, limit: 1 }));
      return {
        items: page.map((task) => partView(job, task)),
        nextCursor: more && more.length > 0 ? String(last) : null,
      };
    },
  });
}

interface Query {
  jobId: string;
  item: number;
  after: number | undefined;
  limit: number;
  state: ItemState | undefined;
}

/** A page of the parts in a state. Only an empty page is the last one. */
async function partsIn(store: Pick<Store, "parts">, { state, ...query }: Query): Promise<TaskRecord[]> {
  if (state === undefined) return store.parts(query);
  let { after } = query;
  for (;;) {
    const tasks = await store.parts({ ...query, after, states: recorded[state] });
    const found = tasks.filter((task) => itemState(task) === state);
    if (tasks.length === 0 || found.length > 0) return found;
    after = partAt(tasks.at(-1)!.item)!.part;
  }
}
