import { z } from "zod";
import { scopes } from "../../domain/accounts.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { accountsOf } from "./auth.ts";
import { apiKey, idParams, keyView, name, paging } from "./schemas.ts";

const tags = ["Accounts"];
/** A key cannot create another one, which would outlive it. */
const config = { access: "session" } as const;
const refusals = ["unauthorized", "forbidden", "not_found"] as const;
const keyName = name.min(1).describe("A name to recognize the key by.");

export function keyRoutes(app: App, context: ServerContext): void {
  allKeysRoutes(app, context);
  oneKeyRoutes(app, context);
}

function allKeysRoutes(app: App, { accounts }: ServerContext): void {
  app.route({
    method: "POST",
    url: "/v1/keys",
    config,
    schema: {
      operationId: "createKey",
      summary: "Create an API key",
      description: "For programs. The key is in this response only.",
      tags,
      body: z.strictObject({
        name: keyName,
        scopes: z
          .array(z.enum(scopes))
          .min(1)
          .max(scopes.length)
          .default(["jobs"])
          .describe("What the key may be used for. Only admins can grant `admin` and `metrics`."),
        expiresAt: z.iso.datetime().nullable().default(null).describe("`null` means never."),
      }),
      ...documented({ 201: apiKey.extend({ key: z.string() }) }, [...refusals, "quota_exceeded"]),
    },
    async handler(request, reply) {
      const { owner, identity } = request.principal;
      const { name, expiresAt } = request.body;
      const wanted = [...new Set(request.body.scopes)];
      const beyond = wanted.find((scope) => !identity!.scopes.includes(scope));
      if (beyond)
        throw new MillraceError("forbidden", `Only admins can create a key with the scope ${beyond}.`);
      const made = await accountsOf(accounts).keys.create(owner, {
        ...{ name, scopes: wanted },
        expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
      });
      reply.code(201).header("location", `/v1/keys/${made.id}`);
      return { ...keyView(made), key: made.key };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/keys",
    config,
    schema: {
      operationId: "keys",
      summary: "List your API keys, oldest first",
      tags,
      querystring: paging,
      ...documented({ 200: pageOf(apiKey) }, refusals),
    },
    async handler({ principal, query }) {
      const { limit, cursor } = query;
      const asked = { userId: principal.owner, after: cursor, limit: limit + 1 };
      const found = await accountsOf(accounts).keys.list(asked);
      const page = found.slice(0, limit);
      return { items: page.map(keyView), nextCursor: found.length > limit ? page.at(-1)!.id : null };
    },
  });
}

function oneKeyRoutes(app: App, { accounts }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/keys/:id",
    config,
    schema: {
      operationId: "key",
      summary: "Retrieve an API key",
      tags,
      params: idParams,
      ...documented({ 200: apiKey }, refusals),
    },
    handler: async ({ principal, params }) =>
      keyView(await accountsOf(accounts).keys.get(principal.owner, params.id)),
  });

  app.route({
    method: "PATCH",
    url: "/v1/keys/:id",
    config,
    schema: {
      operationId: "renameKey",
      summary: "Rename an API key",
      tags,
      params: idParams,
      body: z.strictObject({ name: keyName }),
      ...documented({ 200: apiKey }, refusals),
    },
    handler: async ({ principal, params, body }) =>
      keyView(await accountsOf(accounts).keys.rename(principal.owner, params.id, body.name)),
  });

  app.route({
    method: "DELETE",
    url: "/v1/keys/:id",
    config,
    schema: {
      operationId: "removeKey",
      summary: "Revoke an API key",
      tags,
      params: idParams,
      ...documented({ 204: z.null().describe("Revoked") }, refusals),
    },
    async handler(request, reply) {
      await accountsOf(accounts).keys.remove(request.principal.owner, request.params.id);
      return reply.code(204).send(null);
    },
  });
}
