import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Accounts } from "../../accounts/accounts.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { accountsOf, visitorOf } from "./auth.ts";
import { cookieOf, cookieWriter } from "./cookies.ts";
import { identityOf } from "./identify.ts";
import { linkToken } from "./schemas.ts";

const tags = ["Accounts"];
const config = { access: "public" } as const;
const params = z.object({ provider: z.string().min(1).max(40) });
const elsewhere = { 302: z.null().describe("To the provider, or back to the page") };

/** Sign-in with external providers: redirects the browser there, and handles its return. */
export function signInRoutes(app: App, { accounts, publicUrl, logger }: ServerContext): void {
  const cookies = cookieWriter(publicUrl);
  const baseOf = (request: FastifyRequest) =>
    publicUrl?.replace(/\/$/, "") ?? `${request.protocol}://${request.host}`;
  const returnTo = (request: FastifyRequest, provider: string) =>
    `${baseOf(request)}/v1/auth/oidc/${encodeURIComponent(provider)}/callback`;

  app.route({
    method: "GET",
    url: "/v1/auth/oidc/:provider",
    config,
    schema: {
      operationId: "signIn",
      summary: "Sign in with a provider",
      description:
        "For browsers. With `link`, a signed-in user adds this provider as another way to sign in.",
      tags,
      params,
      querystring: z.object({
        invite: linkToken.optional(),
        link: z
          .string()
          .max(10)
          .optional()
          .describe("If present, adds the provider to the account that is signed in."),
      }),
      ...documented(elsewhere, ["not_found", "unauthorized", "rate_limited", "unavailable"]),
    },
    async handler(request, reply) {
      const { signIn, limits } = accountsOf(accounts);
      await limits.visit("departure", request.ip);
      const { provider } = request.params;
      const { invite = null, link } = request.query;
      const userId = link === undefined ? null : await linkingUser(accountsOf(accounts), request);
      const { url, browser } = await signIn.begin(provider, {
        redirectUri: returnTo(request, provider),
        invite,
        userId,
      });
      cookies.flow(request, reply, browser);
      return reply.redirect(url, 302);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/auth/oidc/:provider/callback",
    config,
    schema: {
      operationId: "signedIn",
      summary: "Return from a provider",
      description: "Redirects to the page, or to `/login#CODE` on failure, where `CODE` is an error code.",
      tags,
      params,
      ...documented(elsewhere, ["not_found"]),
    },
    handler: (request, reply) => comeBack(request as FastifyRequest, reply, request.params.provider),
  });

  async function comeBack(
    request: FastifyRequest,
    reply: FastifyReply,
    provider: string,
  ): Promise<FastifyReply> {
    const { signIn, sessions } = accountsOf(accounts);
    const browser = cookieOf(request, "flow");
    cookies.flow(request, reply, "");
    try {
      const query = request.url.split("?", 2)[1] ?? "";
      const user = await signIn.finish(provider, new URL(`${returnTo(request, provider)}?${query}`), browser);
      cookies.grant(request, reply, await sessions.begin(user, visitorOf(request)));
      return reply.redirect("/", 302);
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code === "not_found") throw error;
      logger.warn({ err: error, provider }, "a sign-in failed");
      return reply.redirect(`/login#${error.code}`, 302);
    }
  }
}

async function linkingUser({ identities }: Accounts, request: FastifyRequest): Promise<string> {
  const identity = await identityOf(request, identities);
  if (identity?.sessionId) return identity.user.id;
  throw new MillraceError("unauthorized", "Log in first.");
}
