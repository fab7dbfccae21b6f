import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";
import { WEBHOOK_SHARDS } from "./webhooks.ts";

export type WebhookLeaseRecords = ReturnType<typeof webhookLeaseRecords>;

type HasEnded = (holder: string) => boolean;
const nobodyHas: HasEnded = () => false;

/**
 * Which process sends the deliveries of which shards: one at a time. A process that wants shards takes a seat, a row
 * with a negative number; from the seats, the processes know among how many they share.
 */
export function webhookLeaseRecords({ db }: Database<Tables>) {
  /** Rows of live holders, and of those that are gone. */
  async function standing(holder: string, now: number, hasEnded: HasEnded) {
    const rows = await db.selectFrom("webhook_leases").selectAll().execute();
    const others = new Set(rows.map((row) => row.holder).filter((one) => one !== holder));
    const ended = new Set([...others].filter(hasEnded));
    const isLive = (row: (typeof rows)[number]) => row.until > now && !ended.has(row.holder);
    const live = rows.filter(isLive);
    const holders = new Set(live.map((row) => row.holder)).add(holder).size;
    const mine = live.filter((row) => row.holder === holder && row.shard >= 0).length;
    const gone = new Map(rows.filter((row) => !isLive(row)).map((row) => [row.shard, row.holder]));
    return { live, holders, room: Math.ceil(WEBHOOK_SHARDS / holders) - mine, gone };
  }

  return {
    /** Extends the holder's leases to `until`; returns its shards and its seat. */
    async renew(holder: string, now: number, until: number): Promise<number[]> {
      const kept = await db
        .updateTable("webhook_leases")
        .set({ until })
        .where("holder", "=", holder)
        .where("until", ">", now)
        .returning("shard")
        .execute();
      return kept.map(({ shard }) => shard);
    },

    /** Takes a seat. */
    async sit(holder: string, until: number): Promise<void> {
      await db
        .insertInto("webhook_leases")
        .values({ shard: seatOf(holder), holder, until })
        .onConflict((known) => known.column("shard").doUpdateSet({ holder, until }))
        .execute();
    },

    /**
     * Takes free shards up to the holder's fair share: all at once if it is alone, otherwise at most `most`.
     * @param hasEnded whether a holder is known to be gone before its lease lapses
     */
    async claim(
      holder: string,
      now: number,
      until: number,
      most: number,
      hasEnded: HasEnded = nobodyHas,
    ): Promise<number[]> {
      const { live, holders, room, gone } = await standing(holder, now, hasEnded);
      const held = new Set(live.map(({ shard }) => shard));
      const free = Array.from({ length: WEBHOOK_SHARDS }, (_, shard) => shard).filter(
        (one) => !held.has(one),
      );
      const claimed: number[] = [];
      for (const shard of free.slice(0, Math.max(0, holders === 1 ? room : Math.min(most, room)))) {
        const taken = await db
          .insertInto("webhook_leases")
          .values({ shard, holder, until })
          .onConflict((known) =>
            known
              .column("shard")
              .doUpdateSet({ holder, until })
              .where((or) =>
                or.or([
                  or("webhook_leases.until", "<=", now),
                  or("webhook_leases.holder", "=", gone.get(shard) ?? holder),
                ]),
              ),
          )
          .executeTakeFirst();
        if (taken.numInsertedOrUpdatedRows === 1n) claimed.push(shard);
      }
      for (const [seat, of] of gone) {
        if (seat < 0)
          await db.deleteFrom("webhook_leases").where("shard", "=", seat).where("holder", "=", of).execute();
      }
      return claimed;
    },

    /** How many shards the holder has beyond its fair share. */
    async excess(holder: string, now: number, hasEnded: HasEnded = nobodyHas): Promise<number> {
      return Math.max(0, -(await standing(holder, now, hasEnded)).room);
    },

    /** Releases shards for others. */
    async release(holder: string, shards: readonly number[]): Promise<void> {
      if (shards.length === 0) return;
      await db
        .deleteFrom("webhook_leases")
        .where("holder", "=", holder)
        .where("shard", "in", shards)
        .execute();
    },

    /** Lets others take over at once. */
    async resign(holder: string): Promise<void> {
      await db.deleteFrom("webhook_leases").where("holder", "=", holder).execute();
    },
  };
}

/** A negative 31-bit number: FNV-1a. */
function seatOf(holder: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(holder)) hash = Math.imul(hash ^ byte, 0x01000193);
  return -1 - (hash >>> 1);
}
