import type { Scope } from "../domain/accounts.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { type ApiKeys, KEY_PREFIX } from "./api-keys.ts";
import { hashOf } from "./links.ts";
import type { KnownUser } from "./maps.ts";
import { isOperator, OPERATOR_PREFIX, type OperatorSigner } from "./operator.ts";
import type { Principals } from "./principals.ts";

/** Who sent a request, and what they may do. */
export interface Identity {
  user: KnownUser;
  scopes: readonly Scope[];
  /** Session of the access token. `null` for an API key. */
  sessionId: string | null;
  /** The API key's id. `null` for a session. */
  keyId: string | null;
  /** Whether it is still valid. Checked repeatedly while a stream is open. */
  holds(): Promise<boolean>;
}

export interface IdentityParts {
  tokens: AccessTokens;
  principals: Principals;
  keys: Pick<ApiKeys, "touch">;
  operator: OperatorSigner;
  now(): number;
}

export type Identities = ReturnType<typeof createIdentities>;

/** Resolves a bearer token: an access token, an API key, or an operator token. */
export function createIdentities({ tokens, principals, keys, operator, now }: IdentityParts) {
  async function byAccessToken(token: string): Promise<Identity | null> {
    const claims = await tokens.verify(token);
    const user = claims && (await principals.ofToken(claims));
    if (!claims || !user) return null;
    const holds = async () => (await principals.ofToken(claims)) !== null;
    return { user, scopes: scopesOf(user), sessionId: claims.sid, keyId: null, holds };
  }

  async function byApiKey(text: string): Promise<Identity | null> {
    const hash = hashOf(text);
    const found = await principals.ofKey(hash);
    if (!found) return null;
    const { key, user } = found;
    keys.touch(key.id);
    return {
      user,
      // A key loses its admin scope when its user is no longer an admin.
      scopes: key.scopes.filter((scope) => scopesOf(user).includes(scope)),
      sessionId: null,
      keyId: key.id,
      holds: async () => (await principals.ofKey(hash)) !== null,
    };
  }

  return {
    /** `null` if the token is not ours, or is no longer valid. */
    async byBearer(token: string): Promise<Identity | null> {
      if (token.startsWith(KEY_PREFIX)) return byApiKey(token);
      if (token.startsWith(OPERATOR_PREFIX)) return isOperator(token, operator, now()) ? OPERATOR : null;
      return byAccessToken(token);
    },
    byAccessToken,
  };
}

/** Scopes of a user's session. API keys can have fewer. */
function scopesOf({ role }: Pick<KnownUser, "role">): readonly Scope[] {
  return role === "admin" ? ["jobs", "admin", "metrics"] : ["jobs"];
}

const OPERATOR: Identity = {
  user: {
    ...{ id: "operator", email: null, name: "operator" },
    ...{ role: "admin", state: "active", generation: 0, quotas: {} },
  },
  scopes: ["jobs", "admin", "metrics"],
  sessionId: null,
  keyId: null,
  holds: async () => true,
};
