import type { StoreClock } from "./clock.ts";
import type { Handlers } from "./handlers.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";

/** The calls that decide which blobs are live. */
export function files(
  { sql }: SqliteLedger,
  queues: Queues,
  clock: StoreClock,
): Handlers<"pin" | "keepPinned" | "unpin" | "collect" | "forget"> {
  return {
    pin({ key, sha256, bytes, until }) {
      const live = sql.liveContent.get(sha256, clock.now()) as { key: string } | undefined;
      const kept = live?.key ?? key;
      if (!live) sql.insertBlob.run(key, sha256, bytes, until);
      sql.pin.run(until, kept);
      return { key: kept };
    },

    keepPinned({ keys, until }) {
      for (const key of keys) sql.keepPinned.run(until, key);
    },

    unpin({ keys }) {
      for (const key of keys) sql.unpin.run(key);
    },

    collect({ now, limit }) {
      if (queues.collectionHeld) return [];
      sql.markDeleting.run(now, limit);
      return sql.deleting.all(limit).map((row) => row.key as string);
    },

    forget({ keys }) {
      for (const key of keys) sql.forgetBlob.run(key);
    },
  };
}
