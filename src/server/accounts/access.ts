import type { FastifyRequest } from "fastify";

/**
 * Who may call a route: `public` anyone; `signed-in` any valid credentials; `user` credentials with the scope `jobs`;
 * `session` a login session, but no API key; `admin` and `metrics` credentials with that scope.
 */
export type Access = "public" | "signed-in" | "user" | "session" | "admin" | "metrics";

declare module "fastify" {
  interface FastifyContextConfig {
    /** @default by path: `/v1/admin` is for admins, `/v1` for users, `/metrics` for its scope, the rest is public */
    access?: Access;
  }
}

/** Routes that do not set `access` get it from their path, so that a new `/v1` route is closed by default. */
export function accessOf(request: FastifyRequest): Access {
  const { config, url } = request.routeOptions;
  if (config?.access) return config.access;
  if (url === undefined) return "public";
  if (/^\/v1\/admin(\/|$)/.test(url)) return "admin";
  if (/^\/metrics(\/|$)/.test(url)) return "metrics";
  return /^\/v1(\/|$)/.test(url) ? "user" : "public";
}
