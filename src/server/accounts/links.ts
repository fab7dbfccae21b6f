import { randomBytes } from "node:crypto";
import { z } from "zod";
import { normalEmail } from "../../domain/accounts.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { accountsOf, passwordsOf } from "./auth.ts";
import { cookieWriter } from "./cookies.ts";
import { languageOf } from "./language.ts";
import { email, linkToken, password } from "./schemas.ts";

const tags = ["Accounts"];
const config = { access: "public" } as const;
const limited = ["rate_limited", "unavailable", "not_found", "invalid_link"] as const;
const answers = {
  202: z.null().describe("If the account exists, an email is on its way"),
  204: z.null().describe("Done"),
};

/** Links that verify an address or reset a password: what they do, and how to request one. */
export function linkRoutes(app: App, { accounts, publicUrl }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);

  app.route({
    method: "POST",
    url: "/v1/auth/reset",
    config,
    schema: {
      operationId: "resetPassword",
      summary: "Request a password reset link, or set a new password",
      description:
        "With `email`, sends the link if the server sends email. The response does not reveal whether the account exists. With `token` and `password`, sets the password and ends all sessions.",
      tags,
      body: z.union([z.strictObject({ email }), z.strictObject({ token: linkToken, password })]),
      ...documented(answers, [...limited, "forbidden", "weak_password"]),
    },
    async handler(request, reply) {
      const { users, sessions, limits, mail } = passwordsOf(accounts);
      const { body, ip } = request;
      await limits.visit("link", ip);
      if ("email" in body) {
        const user = await users.byEmail(normalEmail(body.email) ?? "");
        if (user?.state === "active") mail?.reset(user, languageOf(request));
        return reply.code(202).send(null);
      }
      const user = await users.resetPassword(body.token, body.password);
      await sessions.endAll(user.id);
      if (user.email !== null) {
        cookies.device(request, reply, limits.deviceOf(user.email, randomBytes(12).toString("hex")));
      }
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/v1/auth/verify",
    config,
    schema: {
      operationId: "verifyEmail",
      summary: "Request a confirmation link, or confirm an address",
      description:
        "With `email`, sends the link again if the server sends email. With `token`, confirms the address.",
      tags,
      body: z.union([z.strictObject({ email }), z.strictObject({ token: linkToken })]),
      ...documented(answers, limited),
    },
    async handler(request, reply) {
      const { users, limits, mail } = accountsOf(accounts);
      const { body, ip } = request;
      await limits.visit("link", ip);
      if ("email" in body) {
        const user = await users.byEmail(normalEmail(body.email) ?? "");
        if (user?.state === "active" && user.emailVerifiedAt === null)
          mail?.verify(user, languageOf(request));
        return reply.code(202).send(null);
      }
      await users.verifyEmail(body.token);
      return reply.code(204).send(null);
    },
  });
}
