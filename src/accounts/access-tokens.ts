import { createSigner, createVerifier } from "fast-jwt";
import { newId } from "../domain/ids.ts";
import { keyOf, type Secrets } from "../domain/keys.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** Claims of an access token. */
export interface AccessClaims {
  /** User id. */
  sub: string;
  /** Session id. Revoking a session revokes all of its tokens. */
  sid: string;
  jti: string;
  /** Generation of the user's tokens. Older generations are invalid. */
  gen: number;
  /** Seconds since the epoch, as RFC 7519 requires. */
  iat: number;
  exp: number;
}

export const ACCESS_SECONDS = 15 * 60;
const ALGORITHM = "HS256";
const ISSUER = "millrace";
/** Our tokens are shorter, so longer ones are not parsed. */
const MOST_CHARACTERS = 2_048;
const MOST_KEPT_KEYS = 16;

interface Keyed {
  sign(claims: object): string;
  verify: ((token: string) => AccessClaims)[];
}

export type AccessTokens = ReturnType<typeof accessTokens>;

/** Short-lived tokens, signed with a daily key that is derived from the installation's secret. */
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
          // Checked below against the store's clock.
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

    /** Checks signature and expiry, but not revocation. `null` if the token is not ours. */
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

/** The key id in a token's header. */
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
