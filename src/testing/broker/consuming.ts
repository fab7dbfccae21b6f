import { expect } from "vitest";
import type { Delivery } from "../../ports/broker.ts";
import type { DefinePoint } from "../points.ts";
import { eventually, sleep, within } from "../wait.ts";
import { type BrokerFixture, hold, idsOf, messages } from "./fixture.ts";

export function consumingPoints(point: DefinePoint<BrokerFixture>): void {
  point("consume.competing", "competing consumers lose nothing", async (fixture) => {
    const brokers = [await fixture.open(), await fixture.open()];
    const queue = fixture.queue();
    const sent = messages(300);
    const consumers = await Promise.all(
      [0, 1, 0].map((index) => fixture.take(brokers[index]!, queue, { prefetch: 7 })),
    );
    await fixture.put(brokers[0]!, queue, sent);
    const came = () => new Set(consumers.flatMap((taken) => taken.ids()));
    await eventually(
      () => came().size === sent.length,
      fixture.patienceMs,
      () => `${came().size} of ${sent.length} messages`,
    );
    expect([...came()].sort()).toEqual(idsOf(sent).sort());
  });

  point("consume.prefetch", "no consumer holds more than its prefetch", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const sent = messages(12);
    await fixture.put(broker, queue, sent);
    const held: Delivery[] = [];
    let most = 0;
    const taken = await fixture.take(broker, queue, {
      prefetch: 3,
      handle: (delivery) => {
        held.push(delivery);
        most = Math.max(most, held.length);
      },
    });
    await taken.until(3);
    await fixture.quiet();
    expect(taken.deliveries).toHaveLength(3);
    const settle = async () => {
      for (let delivery = held.shift(); delivery; delivery = held.shift()) await delivery.ack();
      return new Set(taken.ids()).size === sent.length && held.length === 0;
    };
    await eventually(settle, fixture.patienceMs, () => `${taken.ids().length} deliveries`);
    expect(most).toBe(3);
  });

  point("consume.throw", "a handler that throws returns its delivery and stops nothing", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const failed = new Set<string>();
    const taken = await fixture.take(broker, queue, {
      prefetch: 2,
      handle: (delivery) => {
        if (!failed.has(delivery.id)) {
          failed.add(delivery.id);
          // One throws synchronously, the others reject.
          if (delivery.id === "m-0") throw new Error("a handler's own failure");
          return Promise.reject(new Error("a handler's own failure"));
        }
        return delivery.ack();
      },
    });
    const sent = messages(6);
    await fixture.put(broker, queue, sent);
    await eventually(
      () => sent.every(({ id }) => taken.ids().filter((came) => came === id).length >= 2),
      fixture.patienceMs,
      () => `came: ${taken.ids().join(", ")}`,
    );
  });

  point("consume.poison", "a message that always fails does not hold up the others", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    let stop = false;
    const taken = await fixture.take(broker, queue, {
      prefetch: 2,
      handle: async (delivery) => {
        if (delivery.id !== "poison" || stop) return delivery.ack();
        await sleep(5);
        throw new Error("a poison message");
      },
    });
    await fixture.put(broker, queue, [{ id: "poison", payload: "" }, ...messages(20)]);
    await taken.untilAll([...idsOf(messages(20)), "poison"]);
    await fixture.put(broker, queue, messages(5, "later"));
    await taken.untilAll(idsOf(messages(5, "later")));
    stop = true;
    await fixture.quiet();
  });

  point("consume.idle", "an idle consumer gets a message at once", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const taken = await fixture.take(broker, queue);
    await fixture.put(broker, queue, messages(1, "first"));
    await taken.until(1);
    await sleep(1_500);
    await fixture.put(broker, queue, messages(1, "second"));
    await taken.until(2, 1_000);
  });

  point("consume.abort", "aborting the signal ends an idle wait", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const control = new AbortController();
    const aborted = await fixture.take(broker, queue, { signal: control.signal });
    control.abort();
    await within(5_000, "closing an aborted consumer", aborted.consumer.close());
    await fixture.put(broker, queue, messages(3));
    const other = await fixture.take(await fixture.open(), queue);
    await other.untilAll(idsOf(messages(3)));
    expect(aborted.deliveries).toEqual([]);
  });

  point("consume.aborted-before", "a signal that was aborted before takes nothing", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const aborted = await fixture.take(broker, queue, { signal: AbortSignal.abort() });
    await fixture.put(broker, queue, messages(1));
    const other = await fixture.take(broker, queue);
    await other.until(1);
    expect(aborted.deliveries).toEqual([]);
  });

  point(
    "consume.close",
    "a closed consumer gets nothing new but may settle what it holds",
    async (fixture) => {
      const broker = await fixture.open();
      const queue = fixture.queue();
      await fixture.put(broker, queue, messages(2));
      const closed = await fixture.take(broker, queue, { prefetch: 2, handle: hold });
      const [first] = await closed.until(2);
      await closed.consumer.close();
      await closed.consumer.close();
      await first!.ack();
      await fixture.put(broker, queue, messages(2, "later"));
      const other = await fixture.take(await fixture.open(), queue);
      await other.untilAll(idsOf(messages(2, "later")));
      expect(closed.deliveries).toHaveLength(2);
      expect(other.ids()).not.toContain(first!.id);
    },
  );

  point(
    "queue.isolation",
    "queues with similar and awkward names keep their messages apart",
    async (fixture) => {
      const broker = await fixture.open();
      const base = fixture.queue();
      const names = [
        fixture.queue("/x"),
        `${base}/a`,
        `${base}.a`,
        `${base}-a`,
        `${base}_a`,
        `${base}/A`,
        `${base}//a`,
        `${base}/a/`,
        `${base}..a`,
        `${base}.dead`,
        fixture.queue("-").padEnd(200, "n"),
        fixture.queue("/").padEnd(200, "._-/"),
      ];
      fixture.adopt(names);
      const all = await Promise.all(names.map((name) => fixture.take(broker, name)));
      await Promise.all(
        names.map((name, index) => fixture.put(broker, name, [{ id: `for-${index}`, payload: name }])),
      );
      await Promise.all(all.map((taken) => taken.until(1)));
      await fixture.quiet();
      all.forEach((taken, index) => {
        expect(taken.ids()).toEqual([`for-${index}`]);
        expect(taken.deliveries[0]!.queue).toBe(names[index]);
        expect(taken.deliveries[0]!.payload).toBe(names[index]);
      });
    },
  );

  point("queue.concurrent-set-up", "one new queue may be set up by many at once", async (fixture) => {
    const brokers = await Promise.all([fixture.open(), fixture.open(), fixture.open()]);
    const queue = fixture.queue();
    const sent = messages(6);
    const [consumers] = await Promise.all([
      Promise.all(brokers.map((broker) => fixture.take(broker, queue))),
      Promise.all(sent.map((message, index) => fixture.put(brokers[index % 3]!, queue, [message]))),
    ]);
    const came = () => new Set(consumers.flatMap((taken) => taken.ids()));
    await eventually(
      () => came().size === sent.length,
      fixture.patienceMs,
      () => `${came().size} of ${sent.length} messages`,
    );
  });
}
