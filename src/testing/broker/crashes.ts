import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { eventually, persist, sleep } from "../wait.ts";
import { type BrokerFixture, hold, idsOf, messages, putAtLast } from "./fixture.ts";

export function crashPoints(point: DefinePoint<BrokerFixture>): void {
  point("crash.redelivers", "what a killed process held comes again", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const sent = messages(10);
    await fixture.put(broker, queue, sent);
    const child = fixture.child({ errand: "hold", queue, ids: [], prefetch: 5 });
    await child.until(5, 20_000);
    await child.kill();
    const taken = await fixture.take(broker, queue);
    await taken.untilAll(idsOf(sent), fixture.redeliveryMs(broker));
    const seconds = taken.deliveries.filter((delivery) => child.reports.includes(delivery.id));
    if (broker.capabilities.countsDeliveries) {
      expect(seconds.every((delivery) => delivery.count >= 2)).toBe(true);
    }
  });

  point("outage.consumer-returns", "a consumer comes back by itself after an outage", async (fixture) => {
    const outage = fixture.outage();
    const broker = await fixture.open();
    const queue = fixture.queue();
    const taken = await fixture.take(broker, queue);
    await fixture.put(broker, queue, messages(1, "before"));
    await taken.untilAll(["before-0"]);
    await outage.begin();
    await sleep(300);
    await outage.end();
    await putAtLast(broker, queue, { id: "after", payload: "" });
    await taken.untilAll(["after"], fixture.redeliveryMs(broker) + fixture.patienceMs);
  });

  point("outage.unsettled-returns", "what was unsettled in an outage comes again", async (fixture) => {
    const outage = fixture.outage();
    const broker = await fixture.open();
    const queue = fixture.queue();
    let release = false;
    const taken = await fixture.take(broker, queue, {
      prefetch: 2,
      handle: (delivery) => (release ? delivery.ack() : undefined),
    });
    await fixture.put(broker, queue, messages(2));
    const held = await taken.until(2);
    release = true;
    await outage.begin();
    await Promise.all(held.map((delivery) => refusal(delivery.ack(), "unavailable", "lost_ownership")));
    await outage.end();
    const before = taken.deliveries.length;
    await taken.until(before + 2, fixture.redeliveryMs(broker) + fixture.patienceMs);
    expect(taken.ids().slice(before).sort()).toEqual(["m-0", "m-1"]);
  });

  point("outage.errors", "an outage is told quickly, as unavailable with its cause", async (fixture) => {
    const outage = fixture.outage();
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(broker, queue, messages(1));
    await broker.health();
    await outage.begin();
    try {
      const started = performance.now();
      const [result] = await broker.publish(queue, messages(1, "down"));
      expect(result).toMatchObject({ ok: false, error: { code: "unavailable", retryable: true } });
      expect(result!.ok ? undefined : result!.error.cause).toBeDefined();
      const unhealthy = await refusal(broker.health(), "unavailable");
      expect(unhealthy.cause).toBeDefined();
      expect(performance.now() - started).toBeLessThan(8_000);
    } finally {
      await outage.end();
    }
    await persist(fixture.patienceMs, () => broker.health());
  });

  point("outage.close", "close ends also while the service cannot be reached", async (fixture) => {
    const outage = fixture.outage();
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.take(broker, queue, { handle: hold });
    await outage.begin();
    try {
      const started = performance.now();
      await broker.close();
      expect(performance.now() - started).toBeLessThan(5_000);
    } finally {
      await outage.end();
    }
  });

  point(
    "restart.keeps",
    "a restart of the service under load loses no accepted message",
    async (fixture) => {
      const { restart } = fixture.harness;
      if (typeof restart === "string") return fixture.skip(restart);
      const publisher = await fixture.open();
      if (!publisher.capabilities.durable) fixture.skip("its messages are not kept over a restart");
      const queue = fixture.queue();
      const accepted: string[] = [];
      const taken = await fixture.take(await fixture.open(), queue, { prefetch: 20 });
      let loading = true;
      const load = (async () => {
        for (let index = 0; loading; index++) {
          const batch = messages(10, `load-${index}`);
          const results = await publisher.publish(queue, batch);
          results.forEach((result, at) => {
            if (result.ok) accepted.push(batch[at]!.id);
          });
          await sleep(10);
        }
      })();
      await eventually(
        () => accepted.length > 0,
        30_000,
        () => "nothing was accepted",
      );
      // RabbitMQ 3.10 may not recover a queue that was created less than a second before the kill.
      await sleep(2_000);
      await restart();
      await putAtLast(publisher, queue, { id: "afterwards", payload: "" }, 60_000);
      loading = false;
      await load;
      await taken.untilAll([...accepted, "afterwards"], fixture.redeliveryMs(publisher) + 60_000);
    },
    180_000,
  );
}
