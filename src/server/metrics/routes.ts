import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

export function metricRoutes(app: App, { metrics }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/metrics",
    schema: {
      operationId: "metrics",
      summary: "Metrics for Prometheus",
      tags: ["Operations"],
      ...documented({ 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } }, [
        "unavailable",
      ]),
    },
    async handler(_, reply) {
      return reply.header("content-type", metrics.contentType).send(await metrics.text());
    },
  });
}
