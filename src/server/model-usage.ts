import { z } from "zod";
import { type AiTotals, aiRecords } from "../database/ai-records.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { component, documented, jobParams } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Retention of usage records. */
const MOST_DAYS = 35;

const count = z.int().min(0);
const totals = {
  model: z.string().describe("Name of the model in the settings."),
  calls: count,
  inputTokens: count.describe("Includes cached tokens."),
  cachedInputTokens: count,
  outputTokens: count.describe("Includes reasoning tokens."),
  reasoningTokens: count,
  usd: z.number().min(0).describe("Cost in US dollars. 0 for a model without configured prices."),
  estimatedCalls: count.describe("Calls whose usage was estimated because the provider did not report it."),
};
const ofJob = component("JobModelUsage", z.object({ items: z.array(z.object(totals)) }));
const ofDays = component(
  "ModelUsage",
  z.object({ items: z.array(z.object({ day: z.iso.date().describe("In UTC."), ...totals })) }),
);
const query = z.object({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_DAYS)
    .default(30)
    .describe("Number of days to cover, including today."),
});

/** Model usage in tokens and cost. */
export function modelUsageRoutes(app: App, { engine }: ServerContext): void {
  const records = aiRecords(engine.database);
  const { store } = engine;

  async function byDay(days: number, owner: string | null) {
    const from = Math.floor(store.now() / DAY_MS) - (days - 1);
    const rows = await records.byDay(from * 24, owner);
    return {
      items: rows.map(({ day, ...row }) => ({
        day: new Date(day * DAY_MS).toISOString().slice(0, 10),
        ...view(row),
      })),
    };
  }

  app.route({
    method: "GET",
    url: "/v1/me/model-usage",
    schema: {
      operationId: "modelUsage",
      summary: "List your model usage by day and model",
      tags: ["Accounts"],
      querystring: query,
      ...documented({ 200: ofDays }, ["unauthorized", "forbidden"]),
    },
    handler: ({ principal, query: { days } }) => byDay(days, principal.owner),
  });

  app.route({
    method: "GET",
    url: "/v1/jobs/:id/model-usage",
    schema: {
      operationId: "jobModelUsage",
      summary: "List a job's model usage by model",
      tags: ["Jobs"],
      params: jobParams,
      ...documented({ 200: ofJob }, ["not_found"]),
    },
    async handler({ principal: { owner }, params: { id } }) {
      if (!(await store.job({ owner, id }))) throw new MillraceError("not_found", "There is no such job.");
      return { items: (await records.ofJob(owner, id)).map(view) };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/admin/model-usage",
    schema: {
      operationId: "allModelUsage",
      summary: "List model usage of all users by day and model",
      tags: ["Operations"],
      querystring: query,
      ...documented({ 200: ofDays }, ["forbidden"]),
    },
    handler: ({ query: { days } }) => byDay(days, null),
  });
}

function view({ estimated, ...row }: AiTotals & { model: string }) {
  return { ...row, estimatedCalls: estimated };
}
