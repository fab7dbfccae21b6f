import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { wantsOpenMetrics } from "./open-metrics.ts";

export function metricRoutes(app: App, { metrics }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/metrics",
    schema: {
      operationId: "metrics",
      summary: "Scrape metrics for Prometheus",
      description: "If `Accept` asks for OpenMetrics, the response includes trace ids as exemplars.",
      tags: ["Operations"],
      ...documented({ 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } }, [
        "unavailable",
      ]),
    },
    async handler(request, reply) {
      const { contentType, body } = await metrics.render(wantsOpenMetrics(request.headers.accept));
      return reply.header("content-type", contentType).send(body);
    },
  });
}
