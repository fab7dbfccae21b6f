import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { type BrokerFixture, idsOf, messages } from "./fixture.ts";

export function publishingPoints(point: DefinePoint<BrokerFixture>): void {
  point("publish.round-trip", "ids and payloads come back as they were", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const sent = [
      { id: "018f2f6e-7b1a-7c3e-9d2a-000000000001.all", payload: '{"generation":1}' },
      { id: "short", payload: "a" },
      { id: "empty", payload: "" },
      { id: "text", payload: 'ünïcödé 한국어 🎞 "quoted" \\ back\nline\ttab & <tag>' },
      { id: "long", payload: "x".repeat(Math.min(100_000, broker.capabilities.maxPayloadBytes)) },
      { id: "i".repeat(100), payload: "a long id" },
    ];
    const taken = await fixture.take(broker, queue);
    await fixture.put(broker, queue, sent);
    await taken.untilAll(idsOf(sent));
    for (const message of sent) {
      const delivery = taken.deliveries.find((candidate) => candidate.id === message.id);
      expect(delivery?.payload).toBe(message.payload);
      expect(delivery?.queue).toBe(queue);
    }
  });

  point("publish.early", "what is published before anybody consumes waits", async (fixture) => {
    const queue = fixture.queue();
    const sent = messages(3);
    await fixture.put(await fixture.open(), queue, sent);
    const taken = await fixture.take(await fixture.open(), queue);
    await taken.untilAll(idsOf(sent));
  });

  point("publish.oversize", "a payload over the limit is refused with payload_too_large", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const limit = broker.capabilities.maxPayloadBytes;
    expect(limit).toBeGreaterThanOrEqual(1_000);
    // Fewer characters than the limit, but more bytes.
    const wide = "한".repeat(Math.floor(limit / 3) + 1);
    const results = await broker.publish(queue, [
      { id: "before", payload: "a" },
      { id: "over", payload: wide },
      { id: "after", payload: "b" },
    ]);
    expect(results).toMatchObject([{ ok: true }, { ok: false }, { ok: true }]);
    expect(results[1]).toMatchObject({ error: { code: "payload_too_large", retryable: false } });
    const taken = await fixture.take(broker, queue);
    await taken.untilAll(["before", "after"]);
    await fixture.quiet();
    expect(taken.ids()).not.toContain("over");
  });

  point("publish.largest", "a payload of exactly the limit passes", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const payload = "x".repeat(broker.capabilities.maxPayloadBytes);
    await fixture.put(broker, queue, [{ id: "largest", payload }]);
    const taken = await fixture.take(broker, queue);
    const [delivery] = await taken.until(1);
    expect(delivery!.payload === payload).toBe(true);
  });

  point("publish.batch", "a batch reports one result a message, in order", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const sent = messages(250);
    const results = await broker.publish(queue, sent);
    expect(results).toHaveLength(sent.length);
    expect(results.every((result) => result.ok)).toBe(true);
    expect(await broker.publish(queue, [])).toEqual([]);
    const taken = await fixture.take(broker, queue, { prefetch: 100 });
    await taken.untilAll(idsOf(sent));
  });

  point("publish.concurrent", "publishes at once from several connections all arrive", async (fixture) => {
    const brokers = [await fixture.open(), await fixture.open()];
    const queue = fixture.queue();
    const sent = messages(200);
    const taken = await fixture.take(brokers[0]!, queue, { prefetch: 50 });
    await Promise.all(sent.map((message, index) => fixture.put(brokers[index % 2]!, queue, [message])));
    await taken.untilAll(idsOf(sent));
  });

  point(
    "publish.survives-publisher",
    "a resolved publish survives the publisher's death",
    async (fixture) => {
      const queue = fixture.queue();
      const ids = idsOf(messages(20));
      const child = fixture.child({ errand: "publish", queue, ids, prefetch: 1 });
      const confirmed = (await child.until(ids.length, 20_000)) as string[];
      await child.kill();
      const taken = await fixture.take(await fixture.open(), queue);
      await taken.untilAll(confirmed);
    },
  );
}
