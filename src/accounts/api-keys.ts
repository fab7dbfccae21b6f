import { randomBytes } from "node:crypto";
import type { ApiKeyRecords } from "../database/api-keys.ts";
import type { ApiKeyRecord, Scope } from "../domain/accounts.ts";
import { newId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";
import { hashOf } from "./links.ts";
import type { AccountsLog } from "./log.ts";

export const KEY_PREFIX = "mr_";
export const MOST_KEYS = 100;
const HINT_CHARACTERS = KEY_PREFIX.length + 6;
/** Interval for writing when keys were last used. Requests never wait for it. */
const WRITE_MS = 10_000;

export interface NewKey {
  name: string;
  scopes: Scope[];
  /** Ms since the epoch. `null` means never. */
  expiresAt: number | null;
}

export type ApiKeys = ReturnType<typeof createApiKeys>;

/** API keys: 256 random bits, shown once and stored as SHA-256. Nobody can guess them, so they need no slow hash. */
export function createApiKeys(records: ApiKeyRecords, { log, now }: { log: AccountsLog; now(): number }) {
  let used = new Map<string, number>();
  const timer = setInterval(() => void write(), WRITE_MS);
  timer.unref();

  async function write(): Promise<void> {
    if (used.size === 0) return;
    const times = used;
    used = new Map();
    await records.used(times).catch((error: unknown) => {
      log.warn({ err: error }, "the last use of API keys could not be recorded");
    });
  }

  return {
    /** Only this result contains the key. */
    async create(
      userId: string,
      { name, scopes, expiresAt }: NewKey,
    ): Promise<ApiKeyRecord & { key: string }> {
      const time = now();
      if (expiresAt !== null && expiresAt <= time) {
        throw new MillraceError("invalid_request", "expiresAt: must be in the future", {
          extra: { issues: [{ path: "expiresAt", message: "must be in the future" }] },
        });
      }
      const key = KEY_PREFIX + randomBytes(32).toString("base64url");
      const record: ApiKeyRecord = {
        ...{ id: newId(time), userId, name, scopes, expiresAt },
        hint: key.slice(0, HINT_CHARACTERS),
        createdAt: time,
        lastUsedAt: null,
      };
      if (await records.create(record, hashOf(key), MOST_KEYS)) return { ...record, key };
      throw new MillraceError(
        "quota_exceeded",
        `You have ${MOST_KEYS} API keys, the maximum. Delete one first.`,
        {
          retryable: false,
          extra: { quota: "keys", limit: MOST_KEYS },
        },
      );
    },

    list: (query: { userId: string; after?: string; limit: number }) => records.list(query),

    async get(userId: string, id: string): Promise<ApiKeyRecord> {
      return (await records.get(userId, id)) ?? missing();
    },

    async rename(userId: string, id: string, name: string): Promise<ApiKeyRecord> {
      await records.rename(userId, id, name);
      return (await records.get(userId, id)) ?? missing();
    },

    async remove(userId: string, id: string): Promise<void> {
      if (!(await records.remove(userId, id))) missing();
    },

    /** Records that a key was used. */
    touch(id: string): void {
      used.set(id, now());
    },

    async close(): Promise<void> {
      clearInterval(timer);
      await write();
    },
  };
}

function missing(): never {
  throw new MillraceError("not_found", "There is no such API key.");
}
