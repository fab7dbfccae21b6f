import type { Reading } from "./guard.ts";
import type { Change, Followed, KeyOf, ReplicaMap, ReplicaSet } from "./maps.ts";
import type { Replica } from "./replica.ts";

/** What a token can be revoked by: its own id, its session, or its subject. */
export const revocationKinds = ["jti", "sid", "sub"] as const;
export type RevocationKind = (typeof revocationKinds)[number];

/** The claims of a token that decide whether it was revoked. */
export interface RevocableToken {
  jti?: string;
  sid?: string;
  sub?: string;
  /** When it was issued, in seconds since the epoch. A token without it counts as old. */
  iat?: number;
}

export interface Revocation {
  kind: RevocationKind;
  id: string;
  /** When the last such token expires, ms since the epoch; `null`: the revocation is never forgotten. */
  expiresAt: number | null;
  /**
   * For a `sub`: tokens issued after this stay valid, ms since the epoch. @default now, so that signing in again
   * restores access
   */
  before?: number;
}

/** Revocations in the memory of this process. */
export interface Revocations {
  readonly maps: readonly Followed[];
  /** The set of revoked `sid`s, which the canary uses too. */
  readonly sessions: ReplicaSet;
  /** For `Guard.ask`. */
  keysOf(token: RevocableToken): KeyOf[];
  isRevoked(token: RevocableToken, reading: Reading): boolean;
  /** For `Replica.commit`. */
  changes(revocations: readonly Revocation[]): Change[];
}

/** @param now the store's clock */
export function revocationsOf(replica: Pick<Replica, "map" | "set">, now: () => number): Revocations {
  const tokens = replica.set("revoked.jti");
  const sessions = replica.set("revoked.sid");
  /** Tokens issued up to this time are invalid, in seconds since the epoch. */
  const subjects: ReplicaMap<number> = replica.map("revoked.sub", (value) => {
    if (typeof value !== "number") throw new TypeError("not a time");
    return value;
  });

  return {
    maps: [tokens, sessions, subjects],
    sessions,
    keysOf({ jti, sid, sub }) {
      const keys: KeyOf[] = [];
      if (jti !== undefined) keys.push({ map: tokens.name, key: jti });
      if (sid !== undefined) keys.push({ map: sessions.name, key: sid });
      if (sub !== undefined) keys.push({ map: subjects.name, key: sub });
      return keys;
    },
    isRevoked({ jti, sid, sub, iat = 0 }, reading) {
      if (jti !== undefined && reading.has(tokens, jti)) return true;
      if (sid !== undefined && reading.has(sessions, sid)) return true;
      if (sub === undefined) return false;
      const before = reading.get(subjects, sub);
      return before !== undefined && Math.floor(iat) <= before;
    },
    changes: (revocations) =>
      revocations.map(({ kind, id, expiresAt, before }) => {
        if (kind === "jti") return tokens.add(id, expiresAt);
        if (kind === "sid") return sessions.add(id, expiresAt);
        return subjects.set(id, Math.floor((before ?? now()) / 1_000), expiresAt);
      }),
  };
}
