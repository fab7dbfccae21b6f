import { type AppScope, MillraceError } from "millrace";
import { z } from "zod";
import { outline } from "../geo/country.ts";
import type { Records } from "../records/open.ts";
import { detail, MOST_METERS, named, nearby } from "../search/search.ts";
import { category, flag, foundPlace, from, limit, placeList } from "./answers.ts";

const tags = ["Places"];

/** Public routes. */
export function searchRoutes(app: AppScope, records: Records): void {
  const config = { access: "public" } as const;

  app.route({
    method: "GET",
    url: "/api/nearby",
    config,
    schema: {
      ...{ tags, summary: "Places near a point", description: "The nearest first." },
      querystring: z.object({
        ...from,
        radius: z.coerce.number().min(1).max(MOST_METERS).default(2_000).describe("In meters."),
        category: category.optional(),
        open: flag.default(false).describe("`true`: only places that are open now."),
        limit: limit.default(50),
      }),
      response: { 200: placeList },
    },
    async handler({ query: { lat, lon, radius, category: of, open, limit: most } }) {
      const center = { lat, lon };
      const query = { center, meters: radius, category: of, onlyOpen: open, limit: most };
      return { items: await nearby(records, query) };
    },
  });

  app.route({
    method: "GET",
    url: "/api/search",
    config,
    schema: {
      ...{ tags, summary: "Places by name", description: "In either language, also with a wrong letter." },
      querystring: z.object({
        q: z.string().min(1).max(80),
        lat: from.lat.optional(),
        lon: from.lon.optional(),
        limit: limit.default(20),
      }),
      response: { 200: placeList },
    },
    async handler({ query: { q, lat, lon, limit: most } }) {
      const near = lat !== undefined && lon !== undefined ? { lat, lon } : undefined;
      return { items: await named(records, { text: q, near, limit: most }) };
    },
  });

  app.route({
    method: "GET",
    url: "/api/places/:id",
    config,
    schema: {
      ...{ tags, summary: "One place" },
      params: z.object({ id: z.string().max(100) }),
      querystring: z.object({ lat: from.lat.optional(), lon: from.lon.optional() }),
      response: { 200: foundPlace.extend({ origin: z.string(), updatedAt: z.number() }) },
    },
    async handler({ params: { id }, query: { lat, lon } }) {
      const place = await detail(records, id, lat !== undefined && lon !== undefined ? { lat, lon } : null);
      if (!place) throw new MillraceError("not_found", "There is no such place.");
      return place;
    },
  });

  app.route({
    method: "GET",
    url: "/api/outline",
    config,
    schema: {
      ...{
        tags,
        summary: "The outline of the country",
        description: "Rings of longitudes and latitudes, for the map.",
      },
      response: { 200: z.array(z.array(z.tuple([z.number(), z.number()]))) },
    },
    async handler(_, reply) {
      reply.header("cache-control", "public, max-age=86400");
      return outline.map((ring) => ring.map(({ lat, lon }) => [lon, lat] as [number, number]));
    },
  });
}
