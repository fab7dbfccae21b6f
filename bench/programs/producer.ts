/**
 * `producer.ts PEER|millrace URL|INSTALLATION`: one producing process. Its parent sends an `Order`; it replies with
 * `{done: true}` when all jobs are added, or with `{unfinished}` if that was the order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { clock } from "../clock-log.ts";
import { peerNamed } from "../peers/index.ts";
import type { Producer } from "../peers/peer.ts";

export type Order =
  | { kind: "many"; jobs: number; items: number }
  | { kind: "one"; jobs: number; inFlight: number }
  | { kind: "steady"; jobs: number; perSecond: number }
  | { kind: "hold"; key: string }
  | { kind: "unfinished" };

const TEXT = "x".repeat(200);
const [name, target] = process.argv.slice(2);
const producer = await open();

process.on("message", async (order: Order) => {
  try {
    process.send!({ done: true, unfinished: await carryOut(order) });
  } catch (error) {
    process.send!({ failed: String((error as Error).stack) });
  }
});
process.on("SIGTERM", () => void producer.close().finally(() => process.exit()));
process.on("disconnect", () => process.exit());
process.send!({ ready: true });

async function open(): Promise<Producer> {
  if (name !== "millrace") return (await peerNamed(name)).produce(target!);
  const { produce } = await import("../brokers/millrace.ts");
  return produce(target!);
}

async function carryOut(order: Order): Promise<number | null> {
  switch (order.kind) {
    case "many": {
      const items = Array.from({ length: order.items }, () => ({ text: TEXT }));
      for (let n = 0; n < order.jobs; n++) await producer.addMany(items);
      return null;
    }
    case "one": {
      let left = order.jobs;
      const add = async () => {
        while (left-- > 0) await producer.add({ text: TEXT });
      };
      await Promise.all(Array.from({ length: order.inFlight }, add));
      return null;
    }
    case "steady": {
      const began = performance.now();
      const added: Promise<void>[] = [];
      for (let n = 0; n < order.jobs; n++) {
        const wait = began + (n * 1_000) / order.perSecond - performance.now();
        if (wait > 0) await sleep(wait);
        added.push(producer.add({ text: TEXT, askedAt: clock() }));
      }
      await Promise.all(added);
      return null;
    }
    case "hold":
      await producer.add({ text: TEXT, hold: order.key });
      return null;
    case "unfinished":
      return producer.unfinished();
  }
}
