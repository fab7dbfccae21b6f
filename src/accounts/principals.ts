import type { Guard, Reading } from "../replica/guard.ts";
import type { Revocations } from "../replica/revocations.ts";
import type { AccessClaims } from "./access-tokens.ts";
import type { AccountMaps, KnownKey, KnownUser } from "./maps.ts";

/** Checks credentials in memory. Rejects with `unavailable` if the state is unknown. */
export interface Principals {
  /** The user of a verified access token. `null` if it was revoked, or its user is not active. */
  ofToken(claims: AccessClaims): Promise<KnownUser | null>;
  /** @param hash of an API key. @returns `null` if the key is no longer valid */
  ofKey(hash: string): Promise<{ key: KnownKey; user: KnownUser } | null>;
}

export function knownPrincipals(
  { users, keys }: AccountMaps,
  { revocations, guard, now }: { revocations: Revocations; guard: Guard; now(): number },
): Principals {
  const userOf = (id: string, reading: Reading): KnownUser | null => {
    const user = reading.get(users, id);
    return user?.state === "active" ? user : null;
  };
  const inUsers = (key: string) => ({ map: users.name, key });

  return {
    async ofToken({ jti, sid, sub, iat, gen }) {
      const token = { jti, sid, sub, iat };
      const ask = () => guard.ask([...revocations.keysOf(token), inUsers(sub)]);
      let reading = guard.fresh() ?? (await ask());
      if (revocations.isRevoked(token, reading)) return null;
      // Another process issued the token after a change to the user that has not arrived here yet.
      if ((reading.get(users, sub)?.generation ?? -1) < gen) reading = await ask();
      if (revocations.isRevoked(token, reading)) return null;
      const user = userOf(sub, reading);
      return user?.generation === gen ? user : null;
    },
    async ofKey(hash) {
      const fresh = guard.fresh();
      const reading = fresh ?? (await guard.ask([{ map: keys.name, key: hash }]));
      const key = reading.get(keys, hash);
      if (!key || (key.expiresAt !== null && key.expiresAt <= now())) return null;
      const user = userOf(key.userId, fresh ?? (await guard.ask([inUsers(key.userId)])));
      return user && { key, user };
    },
  };
}
