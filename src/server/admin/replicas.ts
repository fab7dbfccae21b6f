import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { count } from "./views.ts";

/** Time for other processes to answer. */
const ANSWER_MS = 200;

const replica = z.object({
  process: z.string(),
  host: z.string(),
  pid: z.int(),
  isThis: z.boolean().describe("Whether this is the process that answered the request."),
  maps: z.array(
    z.object({
      name: z.string(),
      version: z.int(),
      behind: count.describe("Changes that another process has applied and this one has not."),
      entries: count,
      ageSeconds: z
        .number()
        .nullable()
        .describe("Seconds since the data was last confirmed to be complete. `null` if never."),
    }),
  ),
});

/** The in-memory maps of every process. */
export function replicaRoute(app: App, { access }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/replicas",
    schema: {
      operationId: "replicas",
      summary: "List the in-memory replicas of each process",
      description: "Includes the processes that answer within 200 ms.",
      tags: ["Operations"],
      ...documented({ 200: pageOf(replica) }, ["forbidden"]),
    },
    async handler() {
      const states = access ? await access.states(ANSWER_MS) : [];
      const newest = new Map<string, number>();
      for (const { name, version } of states.flatMap(({ maps }) => maps))
        newest.set(name, Math.max(version, newest.get(name) ?? 0));
      const items = states.map(({ maps, ...process }, n) => ({
        ...process,
        isThis: n === 0,
        maps: maps.map(({ ageMs, ...map }) => ({
          ...map,
          behind: newest.get(map.name)! - map.version,
          ageSeconds: ageMs === null ? null : ageMs / 1_000,
        })),
      }));
      return { items, nextCursor: null };
    },
  });
}
