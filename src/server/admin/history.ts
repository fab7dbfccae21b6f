import { z } from "zod";
import { HOUR_MS, historySpans } from "../../domain/history.ts";
import { historyMetrics, readHistory } from "../../engine/history/read.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { component, documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { count, time } from "./views.ts";

const tags = ["Operations"];
const moment = z.iso.datetime({ offset: true }).transform((at) => Date.parse(at));
const values = z.array(z.number().nullable());
const LONGEST_MS = historySpans.at(-1)!.keptMs;

const history = component(
  "History",
  z.object({
    queue: z.string().nullable(),
    from: time,
    to: time,
    stepSeconds: count,
    times: z.array(time).describe("Start of each interval. Each series has one value per interval."),
    series: z.object({
      throughput: values.optional().describe("Finished attempts per second, successful or not."),
      waiting: values.optional().describe("Highest number of waiting tasks. `null` if nothing was measured."),
      oldestSeconds: values.optional().describe("Longest wait of any waiting task."),
      waitP50Ms: values.optional().describe("Time that tasks waited before they started."),
      waitP95Ms: values.optional(),
      runP50Ms: values.optional().describe("Run time of attempts."),
      runP95Ms: values.optional(),
      failures: values.optional().describe("Attempts that failed."),
    }),
    failuresByCode: z
      .array(z.object({ code: z.string(), count, values: z.array(z.number()) }))
      .describe("Most frequent first, at most 20."),
  }),
);

const metrics = z
  .string()
  .transform((list) => list.split(","))
  .pipe(z.array(z.enum(historyMetrics)).max(historyMetrics.length));

/** The metrics history that Millrace keeps itself. */
export function historyRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/history",
    schema: {
      operationId: "history",
      summary: "Retrieve the history of throughput, waits, run times and failures",
      description:
        "Resolution is one minute for the last 24 hours and one hour for the last 30 days, with at most about 360 points. Durations are accurate to about 10%.",
      tags,
      querystring: z.object({
        metric: metrics
          .default([...historyMetrics])
          .describe(`Comma-separated list of ${historyMetrics.join(", ")}. Defaults to all.`),
        queue: z.string().max(200).optional().describe("Limits the result to one queue. Defaults to all."),
        from: moment.optional().describe("Defaults to one hour ago."),
        to: moment.optional().describe("Defaults to now."),
      }),
      ...documented({ 200: history }, ["forbidden"]),
    },
    async handler({ query }) {
      const now = engine.store.now();
      const to = query.to ?? now;
      const from = query.from ?? to - HOUR_MS;
      if (from >= to) throw new MillraceError("invalid_request", "`from` must be before `to`.");
      if (to - from > LONGEST_MS)
        throw new MillraceError(
          "invalid_request",
          "The range is limited to 30 days. Older figures are not kept.",
        );
      const { queue = "" } = query;
      const read = await readHistory(engine, { queue, from, to, metrics: query.metric });
      return {
        queue: query.queue ?? null,
        from: new Date(read.from).toISOString(),
        to: new Date(read.to).toISOString(),
        stepSeconds: read.stepMs / 1_000,
        times: read.times.map((at) => new Date(at).toISOString()),
        series: read.series,
        failuresByCode: read.codes,
      };
    },
  });
}
