import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { MillraceError } from "../errors.ts";
import type { Holder, TokenVerifier } from "./check.ts";

export interface IssuerSettings {
  /** Expected `iss`. */
  issuer: string;
  /** URL of its JSON Web Key Set. */
  jwks: string;
  /** Expected `aud`. `null` accepts any. */
  audience: string | null;
  /** Claim with the list of roles. Dots lead into objects, as in `realm_access.roles`. */
  rolesClaim: string;
}

/** Public keys only: with a shared secret, everyone who verifies could also sign. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const KEYS_MS = 2_000;
/** How long a verified signature is cached, because the issuer may change its keys. */
const KEPT_MS = 60_000;
const MOST_KEPT = 50_000;

interface Kept {
  holder: Holder;
  until: number;
}

/** Verifies tokens of another issuer with its public keys. @param now the store's clock */
export function issuerTokens(settings: IssuerSettings, now: () => number): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(settings.jwks), { timeoutDuration: KEYS_MS });
  /** In insertion order. When it is full, the first half is dropped. */
  const kept = new Map<string, Kept>();

  async function verifyNow(token: string): Promise<Holder | null> {
    const payload = await payloadOf(token, keys, settings, now());
    if (!payload) return null;
    const holder = holderOf(payload, settings.rolesClaim);
    if (kept.size >= MOST_KEPT) {
      for (const old of [...kept.keys()].slice(0, MOST_KEPT / 2)) kept.delete(old);
    }
    kept.set(token, { holder, until: Math.min(payload.exp! * 1_000, now() + KEPT_MS) });
    return holder;
  }

  return {
    verify(token) {
      const known = kept.get(token);
      if (known && known.until > now()) return known.holder;
      if (known) kept.delete(token);
      // Not a token of this issuer, so skip the asynchronous path.
      if (token.split(".", 4).length !== 3) return null;
      return verifyNow(token);
    },
  };
}

async function payloadOf(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, audience }: IssuerSettings,
  now: number,
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      ...(audience === null ? {} : { audience }),
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(now),
    });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JOSEError && !UNREACHABLE.has(cause.code)) return null;
    throw new MillraceError(
      "unavailable",
      "The public keys of the token's issuer cannot be read at present.",
      {
        ...{ retryAfter: 1, cause },
      },
    );
  }
}

/** Errors of fetching keys, not of the token. */
const UNREACHABLE = new Set(["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"]);

function holderOf(payload: JWTPayload, rolesClaim: string): Holder {
  const { sub, jti, iat, email, scope, scp } = payload;
  const sid = payload.sid;
  return {
    user: sub!,
    email: typeof email === "string" ? email : null,
    roles: textsOf(rolesClaim.split(".").reduce<unknown>(memberOf, payload)),
    scopes: textsOf(scope ?? scp),
    token: { jti, sub, iat, ...(typeof sid === "string" && { sid }) },
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Parses a list, or words separated by spaces. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
