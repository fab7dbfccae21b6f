import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Consumer, DeliveryHandler } from "../../ports/broker.ts";
import { ready, unavailable } from "./connection.ts";
import { createDeliveries } from "./deliveries.ts";
import { entriesOf } from "./entries.ts";
import { forgetScript, runScript } from "./scripts.ts";
import { type Holder, isGroupMissing, settlement } from "./settlement.ts";

export interface ConsumerSetup {
  commands: Redis;
  /** A separate connection, which blocks to wait for entries. */
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
  /** Waits for settlements in flight and returns what is still unsettled, because the broker is closing. */
  drain(): Promise<void>;
}

/** A consumer that has been idle for this long and holds nothing belongs to a dead process. */
const FORGET_AFTER_MS = 3_600_000;
/** Interval between tries while Redis refuses. */
const RETRY_MS = 100;

export async function startConsumer(setup: ConsumerSetup): Promise<StreamConsumer> {
  const { commands, reader, holder, ownershipMs } = setup;
  const settle = settlement(commands, holder);
  const deliveries = createDeliveries({ ...setup, settlement: settle });
  const entries = entriesOf(reader, holder, deliveries, (id, message, count) => {
    if (closing) settle.release(id, count - 1).catch(() => {});
    else deliveries.deliver(id, message, count);
  });
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
  void forgetConsumer(commands, holder, "");
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
      // Whatever else is settled in this turn of the event loop makes room for a larger read.
      await new Promise((resolve) => setImmediate(resolve));
    } else if (!connected) {
      connected = true;
      clientId = await reader.client("ID");
      await entries.takeStrays();
    } else if (performance.now() >= claimAt) {
      // Spread out, so that consumers do not all check at the same moment.
      claimAt = performance.now() + claimEveryMs * (0.75 + Math.random() / 2);
      await entries.claimExpired(ownershipMs);
    } else {
      await entries.readNew(Math.ceil(claimAt - performance.now()));
    }
  }

  async function close(): Promise<void> {
    deliveries.wake();
    // An entry handed out while the connection closes would wait until it expires, so end the wait first.
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

  return {
    close() {
      closing ??= close();
      return closing;
    },
    isEmpty: () => deliveries.isEmpty(),
    async drain() {
      await deliveries.drain();
      await forgetConsumer(commands, holder, holder.consumer);
    },
  };
}

/** Removes the consumer with this name, and those that dead processes left behind. */
function forgetConsumer(redis: Redis, { stream, group }: Holder, name: string): Promise<unknown> {
  return runScript(redis, forgetScript, [stream], [group, FORGET_AFTER_MS, name]).catch(() => {});
}

/** Idempotent. The group begins at the oldest entry, so it includes what was published earlier. */
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
