import type { ApiKeyRecords } from "../database/api-keys.ts";
import type { SessionRecords } from "../database/sessions.ts";
import type { UserRecords } from "../database/users.ts";
import type { ApiKeyRecord, UserRecord } from "../domain/accounts.ts";

/** What every request is checked against. */
export interface Principals {
  user(id: string): MaybePromise<UserRecord | null>;
  /** Whether the session is not over. */
  isLive(sessionId: string): MaybePromise<boolean>;
  /** @param hash of the key */
  key(hash: string): MaybePromise<ApiKeyRecord | null>;
}

export type MaybePromise<T> = T | Promise<T>;

/** Asks the records each time. */
export function recordedPrincipals(
  records: { users: UserRecords; sessions: SessionRecords; keys: ApiKeyRecords },
  now: () => number,
): Principals {
  return {
    user: (id) => records.users.byId(id),
    isLive: async (id) => (await records.sessions.live(id, now())) !== null,
    key: (hash) => records.keys.byHash(hash),
  };
}
