import type { Compilable, Expression, SqlBool } from "kysely";
import type { ApiKeyRecord, UserRecord } from "../domain/accounts.ts";
import type { Answer } from "../ports/database.ts";
import type { EntryChange } from "./replica.ts";

export interface MapChange extends EntryChange {
  map: string;
}

/** The copy of accounts that every process holds in memory. It changes together with the records, or not at all. */
export interface AccountMirror {
  user(user: UserRecord): MapChange;
  noUser(id: string): MapChange;
  key(key: ApiKeyRecord, hash: string): MapChange;
  noKey(hash: string): MapChange;
  ended(sessionId: string): MapChange;
  /**
   * Queries for the end of a batch. Pass their answers to `told`, which resolves when this process has applied the
   * change. @param options.when must hold after the other queries
   */
  prepare(
    changes: readonly MapChange[],
    options?: { when?: Expression<SqlBool> },
  ): { readonly queries: readonly Compilable[]; told(answers: readonly Answer[]): Promise<unknown> };
}

/** Used if no process keeps accounts in memory. */
const none: MapChange = { map: "none", key: "none", value: null, expiresAt: null };
export const noMirror: AccountMirror = {
  user: () => none,
  noUser: () => none,
  key: () => none,
  noKey: () => none,
  ended: () => none,
  prepare: () => ({ queries: [], told: async () => {} }),
};
