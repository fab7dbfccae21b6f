import type { FastifyRequest } from "fastify";

/**
 * Who may call a route: anyone; who is signed in, by whatever means; a user with the scope `jobs`; a session, not an
 * API key; an admin; whoever may read the metrics.
 */
export type Access = "public" | "signed-in" | "user" | "session" | "admin" | "metrics";

declare module "fastify" {
  interface FastifyContextConfig {
    /** @default by its address: `/v1/admin` is for admins, `/v1` for users, and what holds no records for anyone */
    access?: Access;
  }
}

/** A route says who may call it, or its address does: a new one is closed, unless it says otherwise. */
export function accessOf(request: FastifyRequest): Access {
  const { config, url } = request.routeOptions;
  if (config?.access) return config.access;
  if (url === undefined) return "public";
  if (/^\/v1\/admin(\/|$)/.test(url)) return "admin";
  if (/^\/metrics(\/|$)/.test(url)) return "metrics";
  return /^\/v1(\/|$)/.test(url) ? "user" : "public";
}
