import { randomBytes } from "node:crypto";
import { z } from "zod";
import { normalEmail } from "../../domain/accounts.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { accountsOf, passwordsOf } from "./auth.ts";
import { cookieWriter } from "./cookies.ts";
import { email, linkToken, password } from "./schemas.ts";

const tags = ["Accounts"];
const config = { access: "public" } as const;
const limited = ["rate_limited", "unavailable", "not_found", "invalid_link"] as const;
const answers = {
  202: z.null().describe("If there is such an account, a mail is on its way"),
  204: z.null().describe("Done"),
};

/** What links do that come by mail, or from an admin, and how to ask for one. */
export function linkRoutes(app: App, { accounts, publicUrl }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);

  app.route({
    method: "POST",
    url: "/v1/auth/reset",
    config,
    schema: {
      operationId: "resetPassword",
      summary: "Ask for a link that sets a new password, or set it",
      description:
        "With `email`: sends the link, where mail is on; the answer is the same whether there is such an account. With `token` and `password`: sets the password, and ends all sessions.",
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
        if (user?.state === "active") mail?.reset(user);
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
      summary: "Ask for a link that confirms an address, or confirm it",
      description:
        "With `email`: sends the link again, where mail is on. With `token`: confirms the address.",
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
        if (user?.state === "active" && user.emailVerifiedAt === null) mail?.verify(user);
        return reply.code(202).send(null);
      }
      await users.verifyEmail(body.token);
      return reply.code(204).send(null);
    },
  });
}
