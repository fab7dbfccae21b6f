import { createSigner, createVerifier } from "fast-jwt";
import { newId } from "../domain/ids.ts";
import { keyOf, type Secrets } from "../domain/keys.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** What an access token says. */
export interface AccessClaims {
  /** The user. */
  sub: string;
  /** The session, which revokes all of its tokens. */
  sid: string;
  jti: string;
  /** Of the user's tokens: an older one counts no more. */
  gen: number;
  /** Seconds since the epoch, as RFC 7519 wants it. */
  iat: number;
  exp: number;
}

export const ACCESS_SECONDS = 15 * 60;
const ALGORITHM = "HS256";
const ISSUER = "millrace";
/** Tokens of ours are shorter; what is longer is not read. */
const MOST_CHARACTERS = 2_048;
const MOST_KEPT_KEYS = 16;

interface Keyed {
  sign(claims: object): string;
  verify: ((token: string) => AccessClaims)[];
}

export type AccessTokens = ReturnType<typeof accessTokens>;

/** Short-lived tokens, signed by a key of the day that is derived from the installation's. */
export function accessTokens(parts: { keys: SigningKeys; secrets: Secrets; now(): number }) {
  const { keys, secrets, now } = parts;
  const kept = new Map<string, Keyed>();

  const keyed = (kid: string): Keyed => {
    const known = kept.get(kid);
    if (known) return known;
    const derived = secrets.map((secret) => keyOf(secret, "access", kid));
    const made: Keyed = {
      sign: createSigner({ key: derived[0], algorithm: ALGORITHM, kid, iss: ISSUER }),
      verify: derived.map((key) =>
        createVerifier({
          key,
          algorithms: [ALGORITHM],
          allowedIss: ISSUER,
          requiredClaims: ["sub", "sid", "jti", "gen", "iat", "exp"],
          // Judged by the store's clock, below.
          ignoreExpiration: true,
          cache: false,
        }),
      ),
    };
    kept.set(kid, made);
    if (kept.size > MOST_KEPT_KEYS) kept.delete(kept.keys().next().value!);
    return made;
  };

  return {
    async sign(user: { id: string; generation: number }, sessionId: string): Promise<string> {
      const { id: kid } = await keys.current();
      const iat = Math.floor(now() / 1_000);
      const { id: sub, generation: gen } = user;
      const claims: AccessClaims = {
        sub,
        sid: sessionId,
        jti: newId(now()),
        gen,
        iat,
        exp: iat + ACCESS_SECONDS,
      };
      return keyed(kid).sign(claims);
    },

    /** Who signed it and until when is checked here; whether it was revoked is not. `null`: it is no token of ours. */
    async verify(token: string): Promise<AccessClaims | null> {
      const kid = keyIdOf(token);
      if (kid === null || !(await keys.find(kid))) return null;
      for (const verify of keyed(kid).verify) {
        const claims = claimsBy(verify, token);
        if (claims) return claims.exp * 1_000 > now() ? claims : null;
      }
      return null;
    },
  };
}

function claimsBy(verify: (token: string) => AccessClaims, token: string): AccessClaims | null {
  try {
    return verify(token);
  } catch {
    return null;
  }
}

/** Which key a token says that it was signed with. */
function keyIdOf(token: string): string | null {
  if (token.length > MOST_CHARACTERS) return null;
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split(".", 1)[0]!, "base64url").toString());
    const { kid } = header as { kid?: unknown };
    return typeof kid === "string" ? kid : null;
  } catch {
    return null;
  }
}
