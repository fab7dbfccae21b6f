import type { FastifyRequest } from "fastify";
import type { Accounts } from "../../accounts/accounts.ts";
import type { Identity } from "../../accounts/identities.ts";
import { MillraceError } from "../../errors.ts";
import type { Identify, Principal } from "../../http/principal.ts";
import { type Access, accessOf } from "./access.ts";
import { cookieOf } from "./cookies.ts";

/** Nobody: what is public belongs to no one, and no record has this owner. */
const nobody: Principal = { owner: "", isAdmin: false };

/** By an `Authorization` header, or by the cookie of a session; what a route does not need, it does not look at. */
export function identifyByAccounts({ identities }: Pick<Accounts, "identities">): Identify {
  return async (request) => {
    const access = accessOf(request);
    if (access === "public") return nobody;
    const identity = await identityOf(request, identities);
    if (!identity) throw new MillraceError("unauthorized", "Log in, or send a valid token or API key.");
    refuseWithout(identity, access);
    return principalOf(identity);
  };
}

/** `null`: nothing was sent, or it counts no more. */
export async function identityOf(
  request: FastifyRequest,
  identities: Accounts["identities"],
): Promise<Identity | null> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    return token === undefined ? null : identities.byBearer(token);
  }
  const token = cookieOf(request, "access");
  if (token === null) return null;
  refuseForgery(request);
  return identities.byAccessToken(token);
}

/**
 * A browser sends cookies whoever wrote the page. With those of other sites it does not (`SameSite`), and every
 * browser says where a request that changes something comes from; the host check has compared it with ours.
 */
export function refuseForgery({ method, headers }: Pick<FastifyRequest, "method" | "headers">): void {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return;
  if (headers.origin !== undefined || headers["sec-fetch-site"] === "same-origin") return;
  throw new MillraceError(
    "forbidden_origin",
    "A request that a cookie signs must have an Origin. Programs send a token or an API key instead.",
  );
}

function refuseWithout({ scopes, sessionId }: Identity, access: Access): void {
  const has = (scope: (typeof scopes)[number]) => scopes.includes(scope);
  if (access === "admin" && !has("admin")) throw new MillraceError("forbidden", "This is for admins.");
  if (access === "metrics" && !has("metrics")) {
    throw new MillraceError("forbidden", "This needs the scope metrics.");
  }
  if (access === "user" && !has("jobs")) throw new MillraceError("forbidden", "This needs the scope jobs.");
  if (access === "session" && sessionId === null) {
    throw new MillraceError("forbidden", "This needs a session: an API key may not do it.");
  }
}

function principalOf(identity: Identity): Principal {
  const { user, scopes } = identity;
  return { owner: user.id, isAdmin: scopes.includes("admin"), identity };
}
