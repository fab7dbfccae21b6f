import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Accounts } from "../../accounts/accounts.ts";
import type { Granted } from "../../accounts/sessions.ts";
import { emailOf } from "../../accounts/users.ts";
import { normalEmail, roles } from "../../domain/accounts.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { writtenBy } from "../read-own-writes.ts";
import { applied, waitForAll } from "../replicas.ts";
import { cookieOf, cookieWriter } from "./cookies.ts";
import { identityOf, refuseForgery } from "./identify.ts";
import { languageOf } from "./language.ts";
import { email, granted, linkToken, name, password, signInMeans } from "./schemas.ts";

const tags = ["Accounts"];
const config = { access: "public" } as const;
const ended = {
  200: z.object({ applied }).describe("With `wait`"),
  204: z.null().describe("Done"),
};
const waiting = z.object({ wait: waitForAll });
const limited = ["rate_limited", "unavailable", "not_found"] as const;

/** Registration, login and logout. */
export function authRoutes(app: App, context: ServerContext): void {
  joinRoutes(app, context);
  sessionRoutes(app, context);
  logoutRoutes(app, context);
}

function joinRoutes(app: App, { accounts }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/auth/providers",
    config,
    schema: {
      operationId: "signInMeans",
      summary: "List the ways to sign in",
      tags,
      ...documented({ 200: signInMeans }, []),
    },
    handler: async () => meansOf(accounts),
  });

  app.route({
    method: "POST",
    url: "/v1/auth/register",
    config,
    schema: {
      operationId: "register",
      summary: "Register an account",
      description:
        "Requires an invite, unless registration is open. The response does not reveal whether the address already has an account. Log in next.",
      tags,
      body: z.strictObject({ email, password, name: name.optional(), invite: linkToken.optional() }),
      ...documented({ 202: z.object({ verifyByMail: z.boolean() }) }, [
        ...limited,
        "forbidden",
        "invalid_link",
        "weak_password",
      ]),
    },
    async handler(request, reply) {
      const { users, limits, mail } = passwordsOf(accounts);
      await limits.visit("register", request.ip);
      const user = await users.register(request.body);
      if (user) mail?.verify(user, languageOf(request));
      else mail?.registered(emailOf(request.body.email), languageOf(request));
      reply.code(202);
      return { verifyByMail: mail !== null };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/auth/invite",
    config,
    schema: {
      operationId: "lookAtInvite",
      summary: "Look up an invite",
      tags,
      body: z.strictObject({ invite: linkToken }),
      ...documented(
        { 200: z.object({ email: z.string().nullable(), role: z.enum(roles), expiresAt: z.iso.datetime() }) },
        [...limited, "invalid_link"],
      ),
    },
    async handler(request) {
      const { links, limits } = accountsOf(accounts);
      await limits.visit("link", request.ip);
      const { email, role, expiresAt } = await links.invite(request.body.invite);
      return { email, role, expiresAt: new Date(expiresAt).toISOString() };
    },
  });
}

function sessionRoutes(app: App, { accounts, publicUrl }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);

  app.route({
    method: "POST",
    url: "/v1/auth/login",
    config,
    schema: {
      operationId: "login",
      summary: "Log in",
      description: "The response's cookies keep a browser signed in. Programs use an API key instead.",
      tags,
      body: z.strictObject({ email, password }),
      ...documented({ 200: granted }, [...limited, "unauthorized", "forbidden", "email_unverified"]),
    },
    async handler(request, reply) {
      const { users, limits, sessions, mail, settings } = passwordsOf(accounts);
      const { email, password } = request.body;
      const known = normalEmail(email) ?? email.slice(0, 100);
      const device = cookieOf(request, "device");
      const forgive = await limits.attempt({ email: known, address: request.ip, device });
      const user = await users.authenticate(known, password);
      if (!user) throw new MillraceError("unauthorized", "The email address or password is wrong.");
      await forgive();
      if (
        mail &&
        settings.registration === "open" &&
        user.emailVerifiedAt === null &&
        user.role !== "admin"
      ) {
        throw new MillraceError(
          "email_unverified",
          "Open the link in the email that we sent to your address, or request another one.",
        );
      }
      cookies.device(request, reply, limits.deviceOf(known, randomBytes(12).toString("hex")));
      return answer(request, reply, await sessions.begin(user, visitorOf(request)));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/auth/refresh",
    config,
    schema: {
      operationId: "refresh",
      summary: "Refresh the access token",
      description:
        "Uses and replaces the login cookie. Reusing an old cookie ends the session, because someone else has a copy of it.",
      tags,
      ...documented({ 200: granted }, [...limited, "unauthorized"]),
    },
    async handler(request, reply) {
      const { sessions } = accountsOf(accounts);
      const token = cookieOf(request, "refresh");
      if (token === null) throw new MillraceError("unauthorized", "You are not logged in.");
      refuseForgery(request);
      try {
        return answer(request, reply, await sessions.refresh(token, request.ip));
      } catch (error) {
        if (error instanceof MillraceError && error.code === "unauthorized") cookies.clear(request, reply);
        throw error;
      }
    },
  });

  function answer(request: FastifyRequest, reply: FastifyReply, begun: Granted): z.output<typeof granted> {
    cookies.grant(request, reply, begun);
    return { accessToken: begun.accessToken, expiresIn: begun.expiresIn };
  }
}

function logoutRoutes(app: App, { accounts, access, publicUrl }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);

  app.route({
    method: "POST",
    url: "/v1/auth/logout",
    config,
    schema: {
      operationId: "logout",
      summary: "Log out",
      tags,
      querystring: waiting,
      ...documented(ended, [...limited]),
    },
    async handler(request, reply) {
      const { sessions, identities } = accountsOf(accounts);
      const identity = await identityOf(request, identities);
      if (identity?.sessionId) await sessions.end(identity.user.id, identity.sessionId).catch(ifGone);
      const token = cookieOf(request, "refresh");
      if (token !== null) {
        refuseForgery(request);
        await sessions.endByToken(token);
      }
      cookies.clear(request, reply);
      return answerEnd(request, reply, request.query.wait);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/auth/logout-all",
    config: { access: "session" },
    schema: {
      operationId: "logoutAll",
      summary: "Log out of all sessions",
      description: "API keys keep working.",
      tags,
      querystring: waiting,
      ...documented(ended, [...limited, "unauthorized", "forbidden"]),
    },
    async handler(request, reply) {
      await accountsOf(accounts).sessions.endAll(request.principal.owner);
      cookies.clear(request, reply);
      return answerEnd(request, reply, request.query.wait);
    },
  });

  async function answerEnd(request: FastifyRequest, reply: FastifyReply, wait: number) {
    if (wait === 0 || !access) return reply.code(204).send(null);
    return reply.code(200).send({ applied: await access.applied(writtenBy(request), wait * 1_000) });
  }
}

/** Throws if accounts are off. */
export function accountsOf(accounts: Accounts | null): Accounts {
  if (accounts) return accounts;
  throw new MillraceError(
    "not_found",
    "Accounts are off on this server. Everything belongs to one local user.",
  );
}

export function passwordsOf(accounts: Accounts | null): Accounts {
  const found = accountsOf(accounts);
  if (found.settings.passwordLogin) return found;
  throw new MillraceError(
    "forbidden",
    "This server does not use passwords. Sign in with one of the providers.",
  );
}

export function visitorOf({ headers, ip }: FastifyRequest): { device: string; address: string } {
  return { device: headers["user-agent"] ?? "", address: ip };
}

function meansOf(accounts: Accounts | null): z.output<typeof signInMeans> {
  if (!accounts) {
    return { accounts: false, password: false, registration: "closed", mail: false, providers: [] };
  }
  const { registration, passwordLogin } = accounts.settings;
  const mail = accounts.mail !== null;
  const providers = accounts.signIn.list();
  return { accounts: true, password: passwordLogin, registration, mail, providers };
}

/** The session has already ended, which is what the caller wanted. */
function ifGone(error: unknown): void {
  if (!(error instanceof MillraceError && error.code === "not_found")) throw error;
}
