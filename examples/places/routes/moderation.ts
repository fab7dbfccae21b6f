import { type AppContext, type AppScope, MillraceError } from "millrace";
import { z } from "zod";
import { moderate } from "../pipelines/moderate.ts";
import { sync } from "../pipelines/sync.ts";
import type { Records } from "../records/open.ts";
import { source } from "../sync/settings.ts";

const tags = ["Places"];
/** Number of places that a moderator sees at once. */
const SHOWN = 100;

const pending = z.object({
  id: z.string(),
  name: z.string(),
  nameEn: z.string().nullable(),
  category: z.string(),
  lat: z.number(),
  lon: z.number(),
  isHeld: z.boolean().describe("A second report does not accept it."),
  reportedAt: z.number(),
});
const syncState = z.object({
  hasSource: z.boolean(),
  pages: z.number(),
  records: z.number(),
  endedAt: z.number().nullable().describe("When the source had nothing more, ms since the epoch."),
});
const job = z.object({ jobId: z.string() });

/** Routes for admins. */
export function moderationRoutes(app: AppScope, { millrace }: AppContext, records: Records): void {
  const config = { access: "admin" } as const;

  app.route({
    method: "GET",
    url: "/api/pending",
    config,
    schema: {
      ...{ tags, summary: "Places that wait for a moderator", description: "The oldest first." },
      response: { 200: z.object({ items: z.array(pending) }) },
    },
    async handler() {
      const rows = await records.db
        .selectFrom("place")
        .selectAll()
        .where("state", "=", "pending")
        .orderBy("n")
        .limit(SHOWN)
        .execute();
      return {
        items: rows.map(({ id, name, name_en, category, lat, lon, held, updated_at }) => ({
          ...{ id, name, nameEn: name_en, category, lat, lon, isHeld: held === 1, reportedAt: updated_at },
        })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/api/pending/:id",
    config,
    schema: {
      ...{ tags, summary: "Accept or reject a place" },
      params: z.object({ id: z.string().max(100) }),
      body: z.strictObject({ accepts: z.boolean() }),
      response: { 202: job },
    },
    async handler({ principal, params: { id }, body: { accepts } }, reply) {
      const { id: jobId } = await millrace.submit(
        moderate,
        { items: [{ data: { id, accepts } }] },
        { owner: principal.owner },
      );
      return reply.code(202).send({ jobId });
    },
  });

  app.route({
    method: "GET",
    url: "/api/sync",
    config,
    schema: {
      ...{ tags, summary: "How far the outside source is read" },
      response: { 200: syncState },
    },
    async handler() {
      const row = await records.db.selectFrom("sync").selectAll().executeTakeFirst();
      const { pages = 0, records: read = 0, ended_at: endedAt = null } = row ?? {};
      return { hasSource: source.url !== null, pages, records: read, endedAt };
    },
  });

  app.route({
    method: "POST",
    url: "/api/sync",
    config,
    schema: { ...{ tags, summary: "Read the outside source now" }, response: { 202: job } },
    async handler({ principal }, reply) {
      if (source.url === null) {
        throw new MillraceError("not_found", "There is no outside source: PLACES_SOURCE names none.");
      }
      const { id: jobId } = await millrace.submit(sync, {}, { owner: principal.owner });
      return reply.code(202).send({ jobId });
    },
  });
}
