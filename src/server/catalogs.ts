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
import { versionHeaders } from "./read-own-writes.ts";

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
  version: z.int().describe("Of the catalog: it grows with each change."),
  stale: z
    .boolean()
    .describe("This server may not have seen the newest changes: the records cannot be read."),
});

const tags = ["Catalogs"];
const name = z.string().min(1).max(60);
const params = z.object({ name });
const entryParams = z.object({ name, key: z.string().min(1).max(200) });

export function catalogRoutes(app: App, { engine: { catalogs } }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/catalogs",
    schema: {
      operationId: "catalogs",
      summary: "The catalogs of this server's pipelines",
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
      summary: "The entries of a catalog, by key",
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
      summary: "An entry of a catalog",
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

  app.route({
    method: "PUT",
    url: "/v1/catalogs/:name/:key",
    bodyLimit: MAX_BYTES,
    schema: {
      operationId: "putCatalogEntry",
      summary: "Write an entry of a catalog, as an admin",
      description: "The body is the entry. Every process has it a moment later.",
      tags,
      params: entryParams,
      body: boundedValue.describe("As the catalog's schema has it."),
      ...documented({ 200: entry }, [
        "not_found",
        "forbidden",
        "invalid_options",
        "quota_exceeded",
        "unavailable",
      ]),
    },
    async handler(request, reply) {
      forAdmins(request.principal);
      const { name, key } = request.params;
      const { value, written } = await catalogs.get(name).put(key, request.body as Json);
      reply.headers(versionHeaders(written));
      return { key, value };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/catalogs/:name/:key",
    schema: {
      operationId: "removeCatalogEntry",
      summary: "Remove an entry of a catalog, as an admin",
      tags,
      params: entryParams,
      ...documented({ 204: z.null().describe("Removed") }, ["not_found", "forbidden", "unavailable"]),
    },
    async handler(request, reply) {
      forAdmins(request.principal);
      const written = await catalogs.get(request.params.name).remove(request.params.key);
      return reply.code(204).headers(versionHeaders(written)).send(null);
    },
  });
}

function forAdmins({ isAdmin }: Principal): void {
  if (!isAdmin) throw new MillraceError("forbidden", "Catalogs are changed by admins.");
}

function summaryOf({ catalog, size }: OpenCatalog): z.output<typeof summary> {
  const { name, title, description, schema } = catalog;
  return { name, title, description, entries: size(), schema: inputSchema(schema) };
}
