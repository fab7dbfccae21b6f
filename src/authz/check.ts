import type { MillraceError } from "../errors.ts";
import type { Guard, Reading } from "../replica/guard.ts";
import type { RevocableToken, Revocations } from "../replica/revocations.ts";
import { type FindRule, plainPath, type Rule } from "./rules.ts";

/** What a proxy asks about. */
export interface CheckRequest {
  method: string;
  /** As the client sent it, with its query; `null` where the proxy does not say. */
  uri: string | null;
  authorization: string | undefined;
  cookie: string | undefined;
}

/** Whose a token is. */
export interface Holder {
  user: string;
  email: string | null;
  roles: readonly string[];
  scopes: readonly string[];
  /** By what it may be revoked; `null` where that was looked at already. */
  token: RevocableToken | null;
}

/** Tokens of one issuer. */
export interface TokenVerifier {
  /**
   * `null` for a token that is not its own, or counts no more.
   * Rejects with `unavailable` where it cannot tell.
   */
  verify(token: string): Holder | null | Promise<Holder | null>;
}

export interface Verdict {
  status: 200 | 401 | 403 | 503;
  /** Who asks; `null` for nobody whom we know. */
  holder: Holder | null;
  /** It stands on the last known state: the store does not answer. */
  isStale: boolean;
  /** Why not. */
  detail: string;
}

export interface CheckParts {
  verifiers: readonly TokenVerifier[];
  revocations: Pick<Revocations, "isRevoked" | "keysOf">;
  guard: Guard;
  /** The rules in force; `null`: there are none, and any user has access. */
  rules(): FindRule | null;
  /** Where a token is when it is not in `Authorization`. */
  cookie: string | null;
}

export type Check = (request: CheckRequest) => Verdict | Promise<Verdict>;

/** Tokens of ours and of other issuers are shorter. */
const MOST_TOKEN_CHARACTERS = 8_192;

/** Who may do what. The usual answer is given at once, from memory. */
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
      return verdict(403, "No rule gives access to this address.");
    }
    if (rule.access === "public") return verdict(200, "");
    if (!holder) return verdict(401, "Sign in first.");
    if (rule.roles && !rule.roles.some((role) => holder.roles.includes(role))) {
      return verdict(403, `This needs the role ${rule.roles.join(" or ")}.`);
    }
    if (rule.scopes && !rule.scopes.some((scope) => holder.scopes.includes(scope))) {
      return verdict(403, `This needs the scope ${rule.scopes.join(" or ")}.`);
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

  /** Nobody is refused for what is not known; what is open to everybody stays open. */
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

/** The rule for a request, or why there is none to be found. */
function ruleOf({ method, uri }: CheckRequest, find: FindRule | null): Rule | null | string {
  if (find === null) return ANY_USER;
  if (uri === null) return "The proxy does not say which address is asked for: it must send X-Forwarded-Uri.";
  const path = plainPath(uri);
  return path === null ? "This spelling of an address is not accepted." : find(method, path);
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
