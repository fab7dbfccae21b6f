import type { SessionRecords } from "../database/sessions.ts";
import { newId } from "../domain/ids.ts";

export interface SigningKey {
  id: string;
  createdAt: number;
}

/** A new key signs after this long. The previous one stays valid until its last token has expired. */
const ROTATE_MS = 24 * 3_600_000;
const FORGET_MS = ROTATE_MS + 3_600_000;
/** Until then other processes may not know a new key, so the previous one signs. */
const SETTLE_MS = 5_000;
const REREAD_MS = 30_000;
/** Minimum interval of looking up unknown keys, because a token may name any key. */
const UNKNOWN_MS = 1_000;

/** The keys that sign access tokens. All processes share them through the store. */
export function signingKeys(
  records: Pick<SessionRecords, "signingKeys" | "addSigningKey">,
  now: () => number,
) {
  let known: SigningKey[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  const read = (): Promise<void> => {
    reading ??= records
      .signingKeys()
      .then((keys) => {
        known = keys;
        readAt = performance.now();
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  };

  return {
    /** The key that currently signs. */
    async current(): Promise<SigningKey> {
      if (performance.now() - readAt > REREAD_MS) await read();
      const time = now();
      if (!known[0] || time - known[0].createdAt > ROTATE_MS) {
        const bounds = { unlessSince: time - ROTATE_MS, forgetBefore: time - FORGET_MS };
        await records.addSigningKey({ id: newId(time), createdAt: time }, bounds);
        await read();
      }
      return known.find(({ createdAt }) => time - createdAt >= SETTLE_MS) ?? known.at(-1)!;
    },

    /** `null` if the key does not exist (any more). */
    async find(id: string): Promise<SigningKey | null> {
      const found = known.find((key) => key.id === id);
      if (found || performance.now() - readAt < UNKNOWN_MS) return found ?? null;
      await read();
      return known.find((key) => key.id === id) ?? null;
    },
  };
}

export type SigningKeys = ReturnType<typeof signingKeys>;
