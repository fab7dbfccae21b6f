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
import { cookieOf, cookieWriter } from "./cookies.ts";
import { identityOf, refuseForgery } from "./identify.ts";
import { email, granted, linkToken, name, password, signInMeans } from "./schemas.ts";

const tags = ["Accounts"];
const config = { access: "public" } as const;
const done = { 204: z.null().describe("Done") };
const limited = ["rate_limited", "unavailable", "not_found"] as const;

/** How people come in, and go. */
export function authRoutes(app: App, { accounts, publicUrl }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);

  app.route({
    method: "GET",
    url: "/v1/auth/providers",
    config,
    schema: {
      operationId: "signInMeans",
      summary: "How people may sign in here",
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
      summary: "Make an account",
      description:
        "By an invite, or where anybody may. The answer is the same whether the address has an account already; log in next.",
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
      if (user) mail?.verify(user);
      else mail?.registered(emailOf(request.body.email));
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
      summary: "What an invite is for",
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

  app.route({
    method: "POST",
    url: "/v1/auth/login",
    config,
    schema: {
      operationId: "login",
      summary: "Begin a session",
      description: "The cookies of the answer keep a browser signed in. Programs send an API key instead.",
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
      if (!user) throw new MillraceError("unauthorized", "The email address or the password is wrong.");
      await forgive();
      if (
        mail &&
        settings.registration === "open" &&
        user.emailVerifiedAt === null &&
        user.role !== "admin"
      ) {
        throw new MillraceError(
          "email_unverified",
          "Open the link in the mail that we have sent to your address, or ask for another one.",
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
      summary: "The next access token",
      description:
        "By the cookie of the login, which is replaced. One that was used before ends the session: somebody has a copy.",
      tags,
      ...documented({ 200: granted }, [...limited, "unauthorized"]),
    },
    async handler(request, reply) {
      const { sessions } = accountsOf(accounts);
      const token = cookieOf(request, "refresh");
      if (token === null) throw new MillraceError("unauthorized", "There is no session. Log in.");
      refuseForgery(request);
      try {
        return answer(request, reply, await sessions.refresh(token, request.ip));
      } catch (error) {
        if (error instanceof MillraceError && error.code === "unauthorized") cookies.clear(request, reply);
        throw error;
      }
    },
  });

  app.route({
    method: "POST",
    url: "/v1/auth/logout",
    config,
    schema: {
      operationId: "logout",
      summary: "End the session, everywhere at once",
      tags,
      ...documented(done, [...limited]),
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
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/auth/logout-all",
    config: { access: "session" },
    schema: {
      operationId: "logoutAll",
      summary: "End all sessions of this user",
      description: "API keys stay.",
      tags,
      ...documented(done, [...limited, "unauthorized", "forbidden"]),
    },
    async handler(request, reply) {
      await accountsOf(accounts).sessions.endAll(request.principal.owner);
      cookies.clear(request, reply);
      return reply.code(204).send(null);
    },
  });

  function answer(request: FastifyRequest, reply: FastifyReply, begun: Granted): z.output<typeof granted> {
    cookies.grant(request, reply, begun);
    return { accessToken: begun.accessToken, expiresIn: begun.expiresIn };
  }
}

/** Rejects where accounts are off. */
export function accountsOf(accounts: Accounts | null): Accounts {
  if (accounts) return accounts;
  throw new MillraceError("not_found", "Accounts are off here: everything belongs to one local user.");
}

export function passwordsOf(accounts: Accounts | null): Accounts {
  const found = accountsOf(accounts);
  if (found.settings.passwordLogin) return found;
  throw new MillraceError("forbidden", "There are no passwords here. Sign in with one of the providers.");
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

/** It has ended meanwhile, as was asked. */
function ifGone(error: unknown): void {
  if (!(error instanceof MillraceError && error.code === "not_found")) throw error;
}
