import { z } from "zod";
import type { Scope, UserRecord } from "../../domain/accounts.ts";
import type { App } from "../../http/app.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { accountsOf } from "./auth.ts";
import { cookieWriter } from "./cookies.ts";
import { granted, idParams, me, name, password, session, sessionView, userFacts } from "./schemas.ts";

const tags = ["Accounts"];
const config = { access: "session" } as const;
const refusals = ["unauthorized", "forbidden", "not_found"] as const;

/** The caller's own account. */
export function meRoutes(app: App, context: ServerContext): void {
  userRoutes(app, context);
  sessionRoutes(app, context);
}

function userRoutes(app: App, { accounts, publicUrl }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);

  app.route({
    method: "GET",
    url: "/v1/me",
    config: { access: "signed-in" },
    schema: {
      operationId: "me",
      summary: "Retrieve your account",
      tags,
      ...documented({ 200: me }, ["unauthorized"]),
    },
    async handler({ principal }) {
      const { identity, owner, isAdmin = false } = principal;
      // Operator commands have no account.
      if (!identity || (identity.sessionId ?? identity.keyId) === null) return ownerView(owner, isAdmin);
      return meView(await accountsOf(accounts).users.get(owner), identity.scopes);
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/me",
    config,
    schema: {
      operationId: "changeMe",
      summary: "Update your account",
      tags,
      body: z.strictObject({ name }),
      ...documented({ 200: me }, refusals),
    },
    async handler({ principal, body }) {
      const user = await accountsOf(accounts).users.rename(principal.owner, body.name);
      return meView(user, principal.identity!.scopes);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/me/password",
    config,
    schema: {
      operationId: "changePassword",
      summary: "Change your password",
      description: "Ends all other sessions. This one continues with the tokens in the response.",
      tags,
      body: z.strictObject({
        password: password.optional().describe("The current password, if the account has one."),
        newPassword: password,
      }),
      ...documented({ 200: granted }, [...refusals, "weak_password", "rate_limited", "unavailable"]),
    },
    async handler(request, reply) {
      const { users, sessions, limits } = accountsOf(accounts);
      const { user, sessionId } = request.principal.identity!;
      const { password: present, newPassword: next } = request.body;
      // Limits guesses by someone who finds a browser left open.
      const forgive = await limits.attempt({ email: user.id, address: request.ip, device: null });
      await users.changePassword(user, { present, next });
      await forgive();
      await sessions.endAll(user.id, sessionId);
      const begun = await sessions.renew(user.id, sessionId!);
      cookies.grant(request, reply, begun);
      return { accessToken: begun.accessToken, expiresIn: begun.expiresIn };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/me",
    config,
    schema: {
      operationId: "deleteMe",
      summary: "Delete your account and all its data",
      description: "Deletes jobs, files, uploads, schedules, keys and sessions. This cannot be undone.",
      tags,
      body: z.strictObject({ password: password.optional() }).nullish(),
      ...documented(
        { 204: z.null().describe("The account can no longer sign in, and its data is being deleted") },
        [...refusals, "rate_limited", "unavailable"],
      ),
    },
    async handler(request, reply) {
      const { users, sessions, erasure, limits } = accountsOf(accounts);
      const { user } = request.principal.identity!;
      const forgive = await limits.attempt({ email: user.id, address: request.ip, device: null });
      await users.markDeleting(user, request.body?.password);
      await forgive();
      await sessions.endAll(user.id);
      erasure.look();
      cookies.clear(request, reply);
      return reply.code(204).send(null);
    },
  });
}

function sessionRoutes(app: App, { accounts }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/sessions",
    config,
    schema: {
      operationId: "sessions",
      summary: "List your sessions, newest first",
      tags,
      ...documented({ 200: pageOf(session) }, refusals),
    },
    async handler({ principal }) {
      const found = await accountsOf(accounts).sessions.list(principal.owner);
      return { items: found.map((one) => sessionView(one, principal.identity!.sessionId)), nextCursor: null };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/sessions/:id",
    config,
    schema: {
      operationId: "endSession",
      summary: "End a session",
      tags,
      params: idParams,
      ...documented({ 204: z.null().describe("Ended") }, refusals),
    },
    async handler(request, reply) {
      await accountsOf(accounts).sessions.end(request.principal.owner, request.params.id);
      return reply.code(204).send(null);
    },
  });
}

function meView(user: UserRecord, scopes: readonly Scope[]): z.output<typeof me> {
  return {
    ...userFacts(user),
    hasPassword: user.passwordHash !== null,
    scopes: [...scopes],
    accounts: true,
  };
}

/** A user without a Millrace account: the local user, or one that the embedding program authenticated. */
function ownerView(owner: string, isAdmin: boolean): z.output<typeof me> {
  const role = isAdmin ? "admin" : "user";
  return {
    ...{ id: owner, email: null, emailVerified: false, name: owner, role, hasPassword: false },
    createdAt: new Date(0).toISOString(),
    lastLoginAt: null,
    scopes: isAdmin ? ["jobs", "admin", "metrics"] : ["jobs"],
    accounts: false,
  };
}
