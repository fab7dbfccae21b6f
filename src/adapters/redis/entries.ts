import type { Redis } from "ioredis";
import type { Deliveries } from "./deliveries.ts";
import type { Holder } from "./settlement.ts";

/** `null` for an entry deleted while it was pending. */
type Entry = [id: string, fields: string[] | null] | null;

/** Reads entries of a stream, as many as there is room for. */
export function entriesOf(
  reader: Redis,
  { stream, group, consumer }: Holder,
  deliveries: Pick<Deliveries, "room" | "has">,
  receive: (entry: string, message: { id: string; payload: string }, count: number) => void,
) {
  async function readNew(blockMs: number): Promise<void> {
    const reply = (await reader.xreadgroup(
      ...(["GROUP", group, consumer, "COUNT", deliveries.room(), "BLOCK", Math.max(1, blockMs)] as const),
      ...(["STREAMS", stream, ">"] as const),
    )) as [string, Entry[]][] | null;
    for (const entry of reply?.[0]?.[1] ?? []) deliver(entry, 1);
  }

  /** Takes over entries that others have held for too long: their processes are gone, or forgot them. */
  async function claimExpired(ownershipMs: number): Promise<void> {
    let cursor = "0-0";
    // One call examines ten entries for each that it may claim.
    for (let calls = 0; calls < 100 && deliveries.room() > 0; calls++) {
      const room = deliveries.room();
      const reply = await reader.xautoclaim(stream, group, consumer, ownershipMs, cursor, "COUNT", room);
      const [next, entries] = reply as [string, Entry[]];
      await redeliver(entries);
      if (next === "0-0") return;
      cursor = next;
    }
  }

  /** Entries of an answer lost with a broken connection, or from an earlier process with the same name. */
  async function takeStrays(): Promise<void> {
    const mine = (await reader.xpending(stream, group, "-", "+", 1_000, consumer)) as [string][];
    const strays = mine.map(([id]) => id).filter((id) => !deliveries.has(id));
    const taken = strays.slice(0, deliveries.room());
    if (taken.length > 0) {
      await redeliver((await reader.xclaim(stream, group, consumer, 0, ...taken)) as Entry[]);
    }
  }

  async function redeliver(entries: Entry[]): Promise<void> {
    const present = entries.filter((entry) => entry?.[1] != null);
    if (present.length === 0) return;
    const pipeline = reader.pipeline();
    for (const entry of present) pipeline.xpending(stream, group, entry![0], entry![0], 1);
    const pending = (await pipeline.exec()) ?? [];
    present.forEach((entry, index) => {
      const [row] = (pending[index]?.[1] ?? []) as [string, string, number, number][];
      deliver(entry, row?.[3] ?? 2);
    });
  }

  /**
   * @param times how often the server has delivered this entry; its field `n` counts deliveries from before it was
   *   moved
   */
  function deliver(entry: Entry, times: number): void {
    const [id, fields] = entry!;
    // Anyone with access to Redis may have added an entry of another shape: the runner drops its payload.
    const [, messageId = "", , payload = "", , before] = fields!;
    receive(id, { id: messageId, payload }, times + (Number.parseInt(before ?? "0", 10) || 0));
  }

  return { readNew, claimExpired, takeStrays };
}
