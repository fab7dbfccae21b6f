import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { emailOf } from "../../accounts/users.ts";
import { normalEmail, roles } from "../../domain/accounts.ts";
import type { App } from "../../http/app.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { accountsOf } from "./auth.ts";
import { languageOf } from "./language.ts";
import {
  anyUser,
  anyUserView,
  email,
  idParams,
  invite,
  inviteView,
  name,
  paging,
  password,
  quotas,
} from "./schemas.ts";

const tags = ["Operations"];
const refusals = ["unauthorized", "forbidden", "not_found"] as const;
const link = z.object({
  url: z.string().describe("Link for the user. It works once."),
  expiresAt: z.iso.datetime(),
});
const role = z.enum(roles);

/** User management by admins. */
export function accountAdminRoutes(app: App, context: ServerContext): void {
  userRoutes(app, context);
  userChangeRoutes(app, context);
  inviteRoutes(app, context);
}

function userRoutes(app: App, { accounts }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/users",
    schema: {
      operationId: "users",
      summary: "List users, oldest first",
      tags,
      querystring: paging.extend({
        email: z.string().max(300).optional().describe("Only the user with this address."),
      }),
      ...documented({ 200: pageOf(anyUser) }, refusals),
    },
    async handler({ query }) {
      const { users } = accountsOf(accounts);
      const { limit, cursor, email } = query;
      if (email !== undefined) {
        const found = await users.byEmail(normalEmail(email) ?? email);
        return { items: found ? [anyUserView(found)] : [], nextCursor: null };
      }
      const found = await users.list({ after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { items: page.map(anyUserView), nextCursor: found.length > limit ? page.at(-1)!.id : null };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/users",
    schema: {
      operationId: "createUser",
      summary: "Create a user",
      description: "The account has no password. A reset link lets the user set one.",
      tags,
      body: z.strictObject({
        email,
        name: name.default(""),
        role: role.default("user"),
        password: password.optional(),
      }),
      ...documented({ 201: anyUser }, [...refusals, "already_exists", "weak_password"]),
    },
    async handler(request, reply) {
      const made = await accountsOf(accounts).users.create(request.body);
      reply.code(201).header("location", `/v1/admin/users/${made.id}`);
      return anyUserView(made);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/admin/users/:id",
    schema: {
      operationId: "user",
      summary: "Retrieve a user",
      tags,
      params: idParams,
      ...documented({ 200: anyUser }, refusals),
    },
    handler: async ({ params }) => anyUserView(await accountsOf(accounts).users.get(params.id)),
  });
}

function userChangeRoutes(app: App, { accounts, publicUrl }: ServerContext): void {
  app.route({
    method: "PATCH",
    url: "/v1/admin/users/:id",
    schema: {
      operationId: "changeUser",
      summary: "Update a user's role, state or quotas",
      description: "Disabling a user or changing the role ends all the user's sessions.",
      tags,
      params: idParams,
      body: z.strictObject({
        name: name.optional(),
        role: role.optional(),
        state: z.enum(["active", "disabled"]).optional(),
        quotas: quotas.partial().strict().optional().describe("Replaces the previous quotas."),
      }),
      ...documented({ 200: anyUser }, refusals),
    },
    async handler({ params, body }) {
      const { users, sessions } = accountsOf(accounts);
      const changed = await users.administer(params.id, body);
      if (body.role !== undefined || body.state === "disabled") await sessions.endAll(changed.id);
      return anyUserView(changed);
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/admin/users/:id",
    schema: {
      operationId: "removeUser",
      summary: "Delete a user and all their data",
      tags,
      params: idParams,
      ...documented(
        { 204: z.null().describe("The user can no longer sign in, and the data is being deleted") },
        refusals,
      ),
    },
    async handler({ params }, reply) {
      const { users, erasure } = accountsOf(accounts);
      await users.administer(params.id, { state: "deleting" });
      erasure.look();
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/users/:id/reset-link",
    schema: {
      operationId: "makeResetLink",
      summary: "Create a password reset link",
      tags,
      params: idParams,
      ...documented({ 201: link }, refusals),
    },
    async handler(request, reply) {
      const { users, links } = accountsOf(accounts);
      const { id } = await users.get(request.params.id);
      const made = await links.make({ kind: "reset", userId: id, createdBy: request.principal.owner });
      reply.code(201);
      return linkView(made, request, publicUrl);
    },
  });
}

function inviteRoutes(app: App, { accounts, publicUrl, notices }: ServerContext): void {
  app.route({
    method: "POST",
    url: "/v1/admin/invites",
    schema: {
      operationId: "createInvite",
      summary: "Invite a user",
      description:
        "The link creates one account. It is in the response. It is also sent by email if the server sends email and the invite is for one address.",
      tags,
      body: z.strictObject({
        email: email
          .nullable()
          .default(null)
          .describe("The only address that can use the invite. `null` means any."),
        role: role.default("user"),
      }),
      ...documented({ 201: invite.extend({ url: link.shape.url }) }, refusals),
    },
    async handler(request, reply) {
      const { links, mail } = accountsOf(accounts);
      const { role } = request.body;
      const email = request.body.email === null ? null : emailOf(request.body.email);
      const made = await links.make({ kind: "invite", email, role, createdBy: request.principal.owner });
      if (email !== null && mail) {
        const asker = (await notices.locale(request.principal.owner)) ?? languageOf(request);
        mail.invite(email, made.path, asker);
      }
      reply.code(201);
      return { ...inviteView(made.link), url: linkView(made, request, publicUrl).url };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/admin/invites",
    schema: {
      operationId: "invites",
      summary: "List open invites, oldest first",
      tags,
      querystring: paging,
      ...documented({ 200: pageOf(invite) }, refusals),
    },
    async handler({ query }) {
      const { limit, cursor } = query;
      const found = await accountsOf(accounts).links.invites({ after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { items: page.map(inviteView), nextCursor: found.length > limit ? page.at(-1)!.id : null };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/admin/invites/:id",
    schema: {
      operationId: "removeInvite",
      summary: "Revoke an invite",
      tags,
      params: idParams,
      ...documented({ 204: z.null().describe("Revoked") }, refusals),
    },
    async handler({ params }, reply) {
      await accountsOf(accounts).links.revokeInvite(params.id);
      return reply.code(204).send(null);
    },
  });
}

function linkView(
  made: { path: string; link: { expiresAt: number } },
  request: FastifyRequest,
  publicUrl: string | null,
): z.output<typeof link> {
  const base = publicUrl?.replace(/\/$/, "") ?? `${request.protocol}://${request.host}`;
  return { url: base + made.path, expiresAt: new Date(made.link.expiresAt).toISOString() };
}
