import { z } from "zod";
import type { AccountMirror } from "../database/account-mirror.ts";
import { type QuotaOverrides, roles, scopes, userStates } from "../domain/accounts.ts";
import type { ReplicaMap } from "../replica/maps.ts";
import type { Replica } from "../replica/replica.ts";
import type { Revocations } from "../replica/revocations.ts";
import { ACCESS_SECONDS } from "./access-tokens.ts";

/** How much longer than its last token a revocation is kept, because clocks differ and requests may be slow. */
const REMEMBER_MS = 60_000;

const knownUser = z.object({
  ...{ id: z.string(), email: z.string().nullable(), name: z.string() },
  ...{ role: z.enum(roles), state: z.enum(userStates), generation: z.number() },
  quotas: z.custom<QuotaOverrides>((value) => typeof value === "object" && value !== null),
});

/** The fields of a user that requests need. */
export type KnownUser = z.output<typeof knownUser>;

const knownKey = z.object({
  ...{ id: z.string(), userId: z.string(), scopes: z.array(z.enum(scopes)) },
  expiresAt: z.number().nullable(),
});

export type KnownKey = z.output<typeof knownKey>;

/** Users and API keys, in memory in every process. */
export interface AccountMaps {
  users: ReplicaMap<KnownUser>;
  /** By the hash of the key. */
  keys: ReplicaMap<KnownKey>;
}

/** Call it before the maps are loaded. */
export function accountMaps(replica: Pick<Replica, "map">): AccountMaps {
  return {
    users: replica.map("users", (value) => knownUser.parse(value)),
    keys: replica.map("api_keys", (value) => knownKey.parse(value)),
  };
}

/** Applies record changes to the maps. */
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
