import { expect } from "vitest";
import type { Delivery } from "../../ports/broker.ts";
import type { DefinePoint } from "../points.ts";
import { eventually, sleep, within } from "../wait.ts";
import { type BrokerScene, hold, idsOf, messages } from "./scene.ts";

export function consumingPoints(point: DefinePoint<BrokerScene>): void {
  point("consume.competing", "competing consumers lose nothing", async (scene) => {
    const brokers = [await scene.open(), await scene.open()];
    const queue = scene.queue();
    const sent = messages(300);
    const consumers = await Promise.all(
      [0, 1, 0].map((index) => scene.take(brokers[index]!, queue, { prefetch: 7 })),
    );
    await scene.put(brokers[0]!, queue, sent);
    const came = () => new Set(consumers.flatMap((taken) => taken.ids()));
    await eventually(
      () => came().size === sent.length,
      scene.patienceMs,
      () => `${came().size} of ${sent.length} messages`,
    );
    expect([...came()].sort()).toEqual(idsOf(sent).sort());
  });

  point("consume.prefetch", "no consumer holds more than its prefetch", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    const sent = messages(12);
    await scene.put(broker, queue, sent);
    const held: Delivery[] = [];
    let most = 0;
    const taken = await scene.take(broker, queue, {
      prefetch: 3,
      handle: (delivery) => {
        held.push(delivery);
        most = Math.max(most, held.length);
      },
    });
    await taken.until(3);
    await scene.quiet();
    expect(taken.deliveries).toHaveLength(3);
    const settle = async () => {
      for (let delivery = held.shift(); delivery; delivery = held.shift()) await delivery.ack();
      return new Set(taken.ids()).size === sent.length && held.length === 0;
    };
    await eventually(settle, scene.patienceMs, () => `${taken.ids().length} deliveries`);
    expect(most).toBe(3);
  });

  point("consume.throw", "a handler that throws returns its delivery and stops nothing", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    const failed = new Set<string>();
    const taken = await scene.take(broker, queue, {
      prefetch: 2,
      handle: (delivery) => {
        if (!failed.has(delivery.id)) {
          failed.add(delivery.id);
          // One throws at once, the others reject.
          if (delivery.id === "m-0") throw new Error("a handler's own failure");
          return Promise.reject(new Error("a handler's own failure"));
        }
        return delivery.ack();
      },
    });
    const sent = messages(6);
    await scene.put(broker, queue, sent);
    await eventually(
      () => sent.every(({ id }) => taken.ids().filter((came) => came === id).length >= 2),
      scene.patienceMs,
      () => `came: ${taken.ids().join(", ")}`,
    );
  });

  point("consume.poison", "a message that always fails does not hold up the others", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    let stop = false;
    const taken = await scene.take(broker, queue, {
      prefetch: 2,
      handle: async (delivery) => {
        if (delivery.id !== "poison" || stop) return delivery.ack();
        await sleep(5);
        throw new Error("a poison message");
      },
    });
    await scene.put(broker, queue, [{ id: "poison", payload: "" }, ...messages(20)]);
    await taken.untilAll([...idsOf(messages(20)), "poison"]);
    await scene.put(broker, queue, messages(5, "later"));
    await taken.untilAll(idsOf(messages(5, "later")));
    stop = true;
    await scene.quiet();
  });

  point("consume.idle", "an idle consumer gets a message at once", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    const taken = await scene.take(broker, queue);
    await scene.put(broker, queue, messages(1, "first"));
    await taken.until(1);
    await sleep(1_500);
    await scene.put(broker, queue, messages(1, "second"));
    await taken.until(2, 1_000);
  });

  point("consume.abort", "aborting the signal ends an idle wait", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    const control = new AbortController();
    const aborted = await scene.take(broker, queue, { signal: control.signal });
    control.abort();
    await within(5_000, "closing an aborted consumer", aborted.consumer.close());
    await scene.put(broker, queue, messages(3));
    const other = await scene.take(await scene.open(), queue);
    await other.untilAll(idsOf(messages(3)));
    expect(aborted.deliveries).toEqual([]);
  });

  point("consume.aborted-before", "a signal that was aborted before takes nothing", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    const aborted = await scene.take(broker, queue, { signal: AbortSignal.abort() });
    await scene.put(broker, queue, messages(1));
    const other = await scene.take(broker, queue);
    await other.until(1);
    expect(aborted.deliveries).toEqual([]);
  });

  point("consume.close", "a closed consumer gets nothing new but may settle what it holds", async (scene) => {
    const broker = await scene.open();
    const queue = scene.queue();
    await scene.put(broker, queue, messages(2));
    const closed = await scene.take(broker, queue, { prefetch: 2, handle: hold });
    const [first] = await closed.until(2);
    await closed.consumer.close();
    await closed.consumer.close();
    await first!.ack();
    await scene.put(broker, queue, messages(2, "later"));
    const other = await scene.take(await scene.open(), queue);
    await other.untilAll(idsOf(messages(2, "later")));
    expect(closed.deliveries).toHaveLength(2);
    expect(other.ids()).not.toContain(first!.id);
  });

  point(
    "queue.isolation",
    "queues with similar and awkward names keep their messages apart",
    async (scene) => {
      const broker = await scene.open();
      const base = scene.queue();
      const names = [
        scene.queue("/x"),
        `${base}/a`,
        `${base}.a`,
        `${base}-a`,
        `${base}_a`,
        `${base}/A`,
        `${base}//a`,
        `${base}/a/`,
        `${base}..a`,
        `${base}.dead`,
        scene.queue("-").padEnd(200, "n"),
        scene.queue("/").padEnd(200, "._-/"),
      ];
      scene.adopt(names);
      const all = await Promise.all(names.map((name) => scene.take(broker, name)));
      await Promise.all(
        names.map((name, index) => scene.put(broker, name, [{ id: `for-${index}`, payload: name }])),
      );
      await Promise.all(all.map((taken) => taken.until(1)));
      await scene.quiet();
      all.forEach((taken, index) => {
        expect(taken.ids()).toEqual([`for-${index}`]);
        expect(taken.deliveries[0]!.queue).toBe(names[index]);
        expect(taken.deliveries[0]!.payload).toBe(names[index]);
      });
    },
  );

  point("queue.concurrent-set-up", "one new queue may be set up by many at once", async (scene) => {
    const brokers = await Promise.all([scene.open(), scene.open(), scene.open()]);
    const queue = scene.queue();
    const sent = messages(6);
    const [consumers] = await Promise.all([
      Promise.all(brokers.map((broker) => scene.take(broker, queue))),
      Promise.all(sent.map((message, index) => scene.put(brokers[index % 3]!, queue, [message]))),
    ]);
    const came = () => new Set(consumers.flatMap((taken) => taken.ids()));
    await eventually(
      () => came().size === sent.length,
      scene.patienceMs,
      () => `${came().size} of ${sent.length} messages`,
    );
  });
}
