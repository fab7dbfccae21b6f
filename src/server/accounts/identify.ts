import type { FastifyRequest } from "fastify";
import type { Accounts } from "../../accounts/accounts.ts";
import type { Identity } from "../../accounts/identities.ts";
import { MillraceError } from "../../errors.ts";
import type { Identify, Principal } from "../../http/principal.ts";
import { type Access, accessOf } from "./access.ts";
import { cookieOf } from "./cookies.ts";

/** Principal of public routes. No record has this owner. */
const nobody: Principal = { owner: "", isAdmin: false };

/** Authenticates by `Authorization` header or session cookie. Public routes skip it. */
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

/** `null` if the request has no credentials, or they are no longer valid. */
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
 * CSRF protection: browsers send cookies no matter which page made the request. `SameSite` excludes other sites, and
 * every browser sends `Origin` or `Sec-Fetch-Site` with a request that changes something. The host check has already
 * compared the origin with ours.
 */
export function refuseForgery({ method, headers }: Pick<FastifyRequest, "method" | "headers">): void {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return;
  if (headers.origin !== undefined || headers["sec-fetch-site"] === "same-origin") return;
  throw new MillraceError(
    "forbidden_origin",
    "A request authenticated by a cookie must have an Origin. Programs should send a token or an API key instead.",
  );
}

function refuseWithout({ scopes, sessionId }: Identity, access: Access): void {
  const has = (scope: (typeof scopes)[number]) => scopes.includes(scope);
  if (access === "admin" && !has("admin")) throw new MillraceError("forbidden", "Only admins can do this.");
  if (access === "metrics" && !has("metrics")) {
    throw new MillraceError("forbidden", "This requires the scope metrics.");
  }
  if (access === "user" && !has("jobs"))
    throw new MillraceError("forbidden", "This requires the scope jobs.");
  if (access === "session" && sessionId === null) {
    throw new MillraceError("forbidden", "This requires a session. API keys cannot do it.");
  }
}

function principalOf(identity: Identity): Principal {
  const { user, scopes } = identity;
  return { owner: user.id, isAdmin: scopes.includes("admin"), identity };
}
