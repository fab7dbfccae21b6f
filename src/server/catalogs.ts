import { z } from "zod";
import type { Json } from "../domain/records.ts";
import type { OpenCatalog } from "../engine/catalogs/catalogs.ts";
import { boundedValue } from "../engine/intake/json-bounds.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Principal } from "../http/principal.ts";
import { inputSchema } from "../pipeline/input-schema.ts";
import { documented, limitParam, pageOf } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";

const MAX_BYTES = 64 * 1024;

const summary = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  entries: z.int(),
  schema: z.record(z.string(), z.unknown()).describe("JSON Schema of one entry."),
});
const entry = z.object({ key: z.string(), value: z.unknown() });
const entries = pageOf(entry).extend({
  version: z.int().describe("Version of the catalog. Grows with each change."),
  stale: z
    .boolean()
    .describe("Whether this server may lack the newest changes because it cannot read the records."),
});

const tags = ["Catalogs"];
const name = z.string().min(1).max(60);
const params = z.object({ name });
const entryParams = z.object({ name, key: z.string().min(1).max(200) });

export function catalogRoutes(app: App, context: ServerContext): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: App, { engine: { catalogs } }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/catalogs",
    schema: {
      operationId: "catalogs",
      summary: "List the catalogs of this server's pipelines",
      tags,
      ...documented({ 200: pageOf(summary) }, []),
    },
    handler: async () => ({ items: catalogs.list().map(summaryOf), nextCursor: null }),
  });

  app.route({
    method: "GET",
    url: "/v1/catalogs/:name",
    schema: {
      operationId: "catalog",
      summary: "List the entries of a catalog, by key",
      tags,
      params,
      querystring: z.object({ limit: limitParam(1_000, 100), cursor: z.string().max(200).optional() }),
      ...documented({ 200: entries }, ["not_found"]),
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const catalog = catalogs.get(request.params.name);
      const found = catalog.list({ after: cursor, limit: limit + 1 });
      const items = found.slice(0, limit).map(([key, value]) => ({ key, value }));
      const nextCursor = found.length > limit ? items.at(-1)!.key : null;
      return { items, nextCursor, version: catalog.version(), stale: catalog.isStale() };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/catalogs/:name/:key",
    schema: {
      operationId: "catalogEntry",
      summary: "Retrieve an entry of a catalog",
      tags,
      params: entryParams,
      ...documented({ 200: entry }, ["not_found", "unavailable"]),
    },
    async handler(request) {
      const { name, key } = request.params;
      const value = await catalogs.get(name).lookup(key);
      if (value === undefined) throw new MillraceError("not_found", "There is no such entry.");
      return { key, value };
    },
  });
}

function changeRoutes(app: App, { engine: { catalogs } }: ServerContext): void {
  app.route({
    method: "PUT",
    url: "/v1/catalogs/:name/:key",
    config: { audit: true },
    bodyLimit: MAX_BYTES,
    schema: {
      operationId: "putCatalogEntry",
      summary: "Write an entry of a catalog (admins only)",
      description: "The body is the entry. Every process receives it within moments.",
      tags,
      params: entryParams,
      body: boundedValue.describe("An entry that fits the catalog's schema."),
      ...documented({ 200: entry }, [
        "not_found",
        "forbidden",
        "invalid_options",
        "quota_exceeded",
        "unavailable",
      ]),
    },
    async handler(request) {
      forAdmins(request.principal);
      const { name, key } = request.params;
      const value = await catalogs.get(name).put(key, request.body as Json);
      return { key, value };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/catalogs/:name/:key",
    config: { audit: true },
    schema: {
      operationId: "removeCatalogEntry",
      summary: "Delete an entry of a catalog (admins only)",
      tags,
      params: entryParams,
      ...documented({ 204: z.null().describe("Deleted") }, ["not_found", "forbidden", "unavailable"]),
    },
    async handler(request, reply) {
      forAdmins(request.principal);
      await catalogs.get(request.params.name).remove(request.params.key);
      return reply.code(204).send(null);
    },
  });
}

function forAdmins({ isAdmin }: Principal): void {
  if (!isAdmin) throw new MillraceError("forbidden", "Only admins can change catalogs.");
}

function summaryOf({ catalog, size }: OpenCatalog): z.output<typeof summary> {
  const { name, title, description, schema } = catalog;
  return { name, title, description, entries: size(), schema: inputSchema(schema) };
}
