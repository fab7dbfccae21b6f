import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

const limit = z.int().nullable().describe("`null` means no limit.");
const usage = z.object({
  jobs: z.object({ used: z.int(), limit }).describe("Unfinished jobs."),
  itemsPerDay: z
    .object({ used: z.int(), limit, freesAt: z.iso.datetime().describe("Midnight UTC.") })
    .describe("Items of jobs created today."),
  storedBytes: z.object({ used: z.int(), limit }).describe("Bytes of uploads and job files."),
  requestsPerMinute: z.object({ limit }),
  streams: z.object({ used: z.int(), limit }).describe("Event streams open in this API process."),
});

const DAY_MS = 24 * 3_600_000;

export function usageRoute(app: App, { engine, quotas, streams, limits }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/me/usage",
    schema: {
      operationId: "usage",
      summary: "Retrieve your quota usage",
      tags: ["Accounts"],
      ...documented({ 200: usage }, ["unauthorized", "forbidden"]),
    },
    async handler({ principal }) {
      const { owner } = principal;
      const open = streams.countOf(owner);
      if (!quotas) {
        const { openJobs, bytes } = await engine.store.ownerUsage({ owner });
        const freesAt = new Date((Math.floor(engine.store.now() / DAY_MS) + 1) * DAY_MS).toISOString();
        return {
          jobs: { used: openJobs, limit: null },
          itemsPerDay: { used: 0, limit: null, freesAt },
          storedBytes: { used: bytes, limit: null },
          requestsPerMinute: { limit: null },
          streams: { used: open, limit: limits.ownerStreams },
        };
      }
      const used = await quotas.of(owner);
      const most = used.limits;
      return {
        jobs: { used: used.jobs, limit: most.jobs },
        itemsPerDay: {
          ...{ used: used.itemsToday, limit: most.itemsPerDay },
          freesAt: new Date(used.dayEndsAt).toISOString(),
        },
        storedBytes: { used: used.storedBytes, limit: most.storedBytes },
        requestsPerMinute: { limit: most.requestsPerMinute },
        streams: { used: open, limit: most.streams },
      };
    },
  });
}
