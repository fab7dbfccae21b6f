import { z } from "zod";
import type { AccountMirror } from "../database/account-mirror.ts";
import { type QuotaOverrides, roles, scopes, userStates } from "../domain/accounts.ts";
import type { ReplicaMap } from "../replica/maps.ts";
import type { Replica } from "../replica/replica.ts";
import type { Revocations } from "../replica/revocations.ts";
import { ACCESS_SECONDS } from "./access-tokens.ts";

/** For how long a revoked session is remembered after its last token has expired: clocks and requests are slow. */
const REMEMBER_MS = 60_000;

const knownUser = z.object({
  ...{ id: z.string(), email: z.string().nullable(), name: z.string() },
  ...{ role: z.enum(roles), state: z.enum(userStates), generation: z.number() },
  quotas: z.custom<QuotaOverrides>((value) => typeof value === "object" && value !== null),
});

/** What a request needs of its user. */
export type KnownUser = z.output<typeof knownUser>;

const knownKey = z.object({
  ...{ id: z.string(), userId: z.string(), scopes: z.array(z.enum(scopes)) },
  expiresAt: z.number().nullable(),
});

export type KnownKey = z.output<typeof knownKey>;

/** Users and API keys, in the memory of every process. */
export interface AccountMaps {
  users: ReplicaMap<KnownUser>;
  /** By the hash of the key. */
  keys: ReplicaMap<KnownKey>;
}

/** Called before the maps are loaded. */
export function accountMaps(replica: Pick<Replica, "map">): AccountMaps {
  return {
    users: replica.map("users", (value) => knownUser.parse(value)),
    keys: replica.map("api_keys", (value) => knownKey.parse(value)),
  };
}

/** How the records change the maps. */
export function accountMirror(
  { users, keys }: AccountMaps,
  { replica, revocations, now }: { replica: Replica; revocations: Revocations; now(): number },
): AccountMirror {
  return {
    user({ id, email, name, role, state, generation, quotas }) {
      return users.set(id, { id, email, name, role, state, generation, quotas });
    },
    noUser: (id) => users.remove(id),
    key: ({ id, userId, scopes, expiresAt }, hash) =>
      keys.set(hash, { id, userId, scopes, expiresAt }, expiresAt),
    noKey: (hash) => keys.remove(hash),
    ended: (id) => revocations.sessions.add(id, now() + ACCESS_SECONDS * 1_000 + REMEMBER_MS),
    prepare: (changes, options) => replica.prepare(changes, options),
  };
}
