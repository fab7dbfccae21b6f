import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { within } from "../wait.ts";
import { type BrokerFixture, hold, idsOf, messages } from "./fixture.ts";

export function lifecyclePoints(point: DefinePoint<BrokerFixture>): void {
  point("health.up", "health resolves while the service answers", async (fixture) => {
    const broker = await fixture.open();
    await within(2_500, "health", broker.health());
  });

  point("close.drains", "close lets settlements under way finish", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(broker, queue, messages(10));
    const taken = await fixture.take(broker, queue, { prefetch: 10, handle: hold });
    const held = await taken.until(10);
    const settled = Promise.all(held.map((delivery) => delivery.ack()));
    await broker.close();
    await settled;
    const other = await fixture.open();
    const again = await fixture.take(other, queue);
    await fixture.put(other, queue, messages(1, "probe"));
    await again.untilAll(["probe-0"]);
    await fixture.quiet();
    expect(again.ids()).toEqual(["probe-0"]);
  });

  point("close.returns", "what is unsettled at close comes again elsewhere", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(broker, queue, messages(3));
    const taken = await fixture.take(broker, queue, { prefetch: 3, handle: hold });
    await taken.until(3);
    await broker.close();
    const other = await fixture.open();
    const again = await fixture.take(other, queue);
    await again.untilAll(idsOf(messages(3)), fixture.redeliveryMs(other));
  });

  point("close.idempotent", "close may be called again, and at once", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const taken = await fixture.take(broker, queue);
    await within(5_000, "closing twice", Promise.all([broker.close(), broker.close()]));
    await broker.close();
    await taken.consumer.close();
  });

  point("close.refuses", "a closed broker refuses with closed", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(broker, queue, messages(1));
    const taken = await fixture.take(broker, queue, { handle: hold });
    const [delivery] = await taken.until(1);
    await broker.close();
    const [result] = await broker.publish(queue, messages(1));
    expect(result).toMatchObject({ ok: false, error: { code: "closed" } });
    await refusal(broker.consume(queue, { prefetch: 1 }, hold), "closed");
    await refusal(broker.health(), "closed");
    await refusal(delivery!.ack(), "closed", "lost_ownership");
    await refusal(delivery!.ack(), "closed", "lost_ownership");
  });

  point("close.no-handles", "after close the process may end", async (fixture) => {
    const child = fixture.child({
      errand: "tidy",
      queue: fixture.queue(),
      ids: idsOf(messages(5)),
      prefetch: 2,
    });
    await child.until(1, 20_000);
    expect(await child.ended(3_000)).toBe(0);
  });
}
