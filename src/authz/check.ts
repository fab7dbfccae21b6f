import type { MillraceError } from "../errors.ts";
import type { Guard, Reading } from "../replica/guard.ts";
import type { RevocableToken, Revocations } from "../replica/revocations.ts";
import { type FindRule, plainPath, type Rule } from "./rules.ts";

/** The request that a proxy asks about. */
export interface CheckRequest {
  method: string;
  /** As sent by the client, with query. `null` if the proxy does not send it. */
  uri: string | null;
  authorization: string | undefined;
  cookie: string | undefined;
}

/** Holder of a token. */
export interface Holder {
  user: string;
  email: string | null;
  roles: readonly string[];
  scopes: readonly string[];
  /** Identifies the token for revocation. `null` if revocation was already checked. */
  token: RevocableToken | null;
}

/** Verifies tokens of one issuer. */
export interface TokenVerifier {
  /**
   * Resolves with `null` if the token belongs to another issuer or is no longer valid.
   * Rejects with `unavailable` if it cannot tell.
   */
  verify(token: string): Holder | null | Promise<Holder | null>;
}

export interface Verdict {
  status: 200 | 401 | 403 | 503;
  /** `null` for an anonymous request. */
  holder: Holder | null;
  /** Based on the last known state, because the store is down. */
  isStale: boolean;
  /** Reason for a denial. */
  detail: string;
}

export interface CheckParts {
  verifiers: readonly TokenVerifier[];
  revocations: Pick<Revocations, "isRevoked" | "keysOf">;
  guard: Guard;
  /** The current rules. `null` if there are none, which gives any user access. */
  rules(): FindRule | null;
  /** Cookie that may hold a token, if there is no `Authorization` header. */
  cookie: string | null;
}

export type Check = (request: CheckRequest) => Verdict | Promise<Verdict>;

/** Real tokens, ours and those of other issuers, are shorter. */
const MOST_TOKEN_CHARACTERS = 8_192;

/** Authorizes requests. Usually answers synchronously, from memory. */
export function createCheck(parts: CheckParts): Check {
  const { guard, revocations } = parts;

  function decide(rule: Rule | null, holder: Holder | null, isStale: boolean): Verdict {
    const verdict = (status: Verdict["status"], detail: string): Verdict => ({
      status,
      holder,
      isStale,
      detail,
    });
    if (rule === null || rule.access === "nobody") {
      return verdict(403, "No rule allows access to this address.");
    }
    if (rule.access === "public") return verdict(200, "");
    if (!holder) return verdict(401, "This requires a valid token that has not been revoked.");
    if (rule.roles && !rule.roles.some((role) => holder.roles.includes(role))) {
      return verdict(403, `This requires the role ${rule.roles.join(" or ")}.`);
    }
    if (rule.scopes && !rule.scopes.some((scope) => holder.scopes.includes(scope))) {
      return verdict(403, `This requires the scope ${rule.scopes.join(" or ")}.`);
    }
    return verdict(200, "");
  }

  const unlessRevoked = (holder: Holder | null, reading: Reading): Holder | null =>
    holder?.token && revocations.isRevoked(holder.token, reading) ? null : holder;

  function judge(rule: Rule | null, holder: Holder | null): Verdict | Promise<Verdict> {
    if (!holder?.token) return decide(rule, holder, holder !== null && guard.isStale());
    const reading = guard.fresh();
    if (reading) return decide(rule, unlessRevoked(holder, reading), false);
    return guard
      .ask(revocations.keysOf(holder.token))
      .then((asked) => decide(rule, unlessRevoked(holder, asked), asked.isStale));
  }

  /** If the state is unknown, the answer is 503 rather than a denial. Public paths stay open. */
  function unknown(rule: Rule | null, error: unknown): Verdict {
    const { code, message } = error as MillraceError;
    if (code !== "unavailable" && code !== "closed") throw error;
    if (rule?.access === "public") return { status: 200, holder: null, isStale: true, detail: "" };
    return { status: 503, holder: null, isStale: true, detail: message };
  }

  return (request) => {
    const rule = ruleOf(request, parts.rules());
    if (typeof rule === "string") return { status: 403, holder: null, isStale: false, detail: rule };
    const token = tokenOf(request, parts.cookie);
    if (token === null) return decide(rule, null, false);
    try {
      const holder = verify(parts.verifiers, token, 0);
      const verdict =
        holder instanceof Promise ? holder.then((found) => judge(rule, found)) : judge(rule, holder);
      return verdict instanceof Promise ? verdict.catch((error) => unknown(rule, error)) : verdict;
    } catch (error) {
      return unknown(rule, error);
    }
  };
}

const ANY_USER: Rule = { path: "/**", access: "user" };

/** The rule for a request, or the reason why there is none. */
function ruleOf({ method, uri }: CheckRequest, find: FindRule | null): Rule | null | string {
  if (find === null) return ANY_USER;
  if (uri === null) return "The proxy must send the requested address in X-Forwarded-Uri.";
  const path = plainPath(uri);
  return path === null ? "This form of the address is not accepted." : find(method, path);
}

function verify(
  verifiers: readonly TokenVerifier[],
  token: string,
  from: number,
): Holder | null | Promise<Holder | null> {
  for (let n = from; n < verifiers.length; n++) {
    const holder = verifiers[n]!.verify(token);
    if (holder instanceof Promise) return holder.then((found) => found ?? verify(verifiers, token, n + 1));
    if (holder) return holder;
  }
  return null;
}

function tokenOf({ authorization, cookie }: CheckRequest, name: string | null): string | null {
  const bearer = authorization && /^Bearer +([^\s,]+)$/i.exec(authorization)?.[1];
  const token = bearer || (name !== null && cookie !== undefined ? cookieOf(cookie, name) : null);
  return token && token.length <= MOST_TOKEN_CHARACTERS ? token : null;
}

function cookieOf(cookies: string, name: string): string | null {
  for (const pair of cookies.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name)
      return pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1");
  }
  return null;
}
