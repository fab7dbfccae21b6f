import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Consumer, DeliveryHandler } from "../../ports/broker.ts";
import { ready, unavailable } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { forgetScript, runScript } from "./scripts.ts";
import { type Holder, isGroupMissing, settlement } from "./settlement.ts";

export interface ConsumerSetup {
  commands: Redis;
  /** A connection of its own, on which it waits for entries. */
  reader: Redis;
  holder: Holder;
  queue: string;
  prefetch: number;
  ownershipMs: number;
  handler: DeliveryHandler;
  /** Why settling is refused, once the broker is closed. */
  refusal: () => Error | undefined;
}

export interface StreamConsumer extends Consumer {
  /** Whether everything it was handed has been settled. */
  isEmpty(): boolean;
  /** Waits for settlements under way and gives back what is still unsettled; for when the broker closes. */
  drain(): Promise<void>;
}

/** `null` for one that was deleted while it was pending. */
type Entry = [id: string, fields: string[] | null] | null;

/** A consumer that was idle for so long and holds nothing was left by a process that is gone. */
const FORGET_AFTER_MS = 3_600_000;
/** Between tries while Redis refuses. */
const RETRY_MS = 100;

export async function startConsumer(setup: ConsumerSetup): Promise<StreamConsumer> {
  const { commands, reader, holder, ownershipMs } = setup;
  const { stream, group, consumer } = holder;
  const settle = settlement(commands, holder);
  const deliveries = createDeliveries({ ...setup, settlement: settle });
  const claimEveryMs = Math.min(2_000, ownershipMs / 4);
  let claimAt = 0;
  let closing: Promise<void> | undefined;
  let connected = false;
  let ended = false;
  let clientId = 0;
  reader.on("close", () => {
    connected = false;
  });

  await createGroup(commands, holder);
  void forget("");
  const reading = read();

  async function read(): Promise<void> {
    while (!closing && (await ready(reader))) {
      try {
        await turn();
      } catch (error) {
        if (closing) break;
        if (isGroupMissing(error)) await createGroup(commands, holder).catch(() => sleep(RETRY_MS));
        else await sleep(RETRY_MS);
      }
    }
    ended = true;
  }

  async function turn(): Promise<void> {
    if (deliveries.room() <= 0) {
      await deliveries.untilRoom();
      // What else is settled in this turn of the event loop makes room for a larger read.
      await new Promise((resolve) => setImmediate(resolve));
    } else if (!connected) {
      connected = true;
      clientId = await reader.client("ID");
      await takeStrays();
    } else if (performance.now() >= claimAt) {
      // Spread, so that the consumers do not all look at the same moment.
      claimAt = performance.now() + claimEveryMs * (0.75 + Math.random() / 2);
      await claimExpired();
    } else {
      await readNew(Math.ceil(claimAt - performance.now()));
    }
  }

  async function readNew(blockMs: number): Promise<void> {
    const reply = (await reader.xreadgroup(
      ...(["GROUP", group, consumer, "COUNT", deliveries.room(), "BLOCK", Math.max(1, blockMs)] as const),
      ...(["STREAMS", stream, ">"] as const),
    )) as [string, Entry[]][] | null;
    for (const entry of reply?.[0]?.[1] ?? []) deliver(entry, 1);
  }

  /** Takes over what others have held for too long: their processes are gone, or have forgotten it. */
  async function claimExpired(): Promise<void> {
    let cursor = "0-0";
    // One call looks at ten entries for each that it may claim.
    for (let calls = 0; calls < 100 && deliveries.room() > 0; calls++) {
      const room = deliveries.room();
      const reply = await reader.xautoclaim(stream, group, consumer, ownershipMs, cursor, "COUNT", room);
      const [next, entries] = reply as [string, Entry[]];
      await redeliver(entries);
      if (next === "0-0") return;
      cursor = next;
    }
  }

  /** Entries of an answer that a broken connection lost, or of an earlier life under the same name. */
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

  /** @param times how often the server has handed out this entry; its field `n` counts before it was moved */
  function deliver(entry: Entry, times: number): void {
    const [id, fields] = entry!;
    // Whoever has access to Redis may have added an entry of another shape: the runner drops its payload.
    const [, messageId = "", , payload = "", , before] = fields!;
    const count = times + (Number.parseInt(before ?? "0", 10) || 0);
    if (closing) settle.release(id, count - 1).catch(() => {});
    else deliveries.deliver(id, { id: messageId, payload }, count);
  }

  async function close(): Promise<void> {
    deliveries.wake();
    // An entry handed out while the connection closes would wait until it expires, so the wait is ended first.
    for (
      let tries = 0;
      tries < 40 && !ended && commands.status === "ready" && reader.status === "ready";
      tries++
    ) {
      if (clientId) await commands.client("UNBLOCK", clientId).catch(() => {});
      await Promise.race([reading, sleep(25)]);
    }
    reader.disconnect();
    await reading;
  }

  function forget(name: string): Promise<unknown> {
    return runScript(commands, forgetScript, [stream], [group, FORGET_AFTER_MS, name]).catch(() => {});
  }

  return {
    close() {
      closing ??= close();
      return closing;
    },
    isEmpty: () => deliveries.isEmpty(),
    async drain() {
      await deliveries.drain();
      await forget(consumer);
    },
  };
}

/** Idempotent. The group begins at the oldest entry: what was published before it belongs to it too. */
export async function createGroup(
  redis: Redis,
  { stream, group }: Pick<Holder, "stream" | "group">,
): Promise<void> {
  try {
    await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("BUSYGROUP")) throw unavailable(error);
  }
}
