import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { eventually, persist, sleep, within } from "../wait.ts";
import { type BusFixture, texts } from "./fixture.ts";

export function outagePoints(point: DefinePoint<BusFixture>): void {
  point("outage.gap", "after an outage subscribers hear again, and onGap was called", async (fixture) => {
    const outage = fixture.outage();
    const [speaker, listener] = [await fixture.open(), await fixture.open()];
    const topic = fixture.topic();
    const heard = await fixture.listen(listener, topic);
    const other = await fixture.listen(listener, fixture.topic());
    await speaker.publish(topic, "before");
    await heard.until(1);
    expect(heard.gaps()).toBe(0);
    await outage.begin();
    await sleep(300);
    await outage.end();
    await eventually(
      () => heard.gaps() > 0 && other.gaps() > 0,
      fixture.patienceMs + 10_000,
      () => "onGap was not called",
    );
    // After `onGap`, nothing published later may be missed.
    await persist(fixture.patienceMs + 10_000, () => speaker.publish(topic, "after"));
    await eventually(
      () => heard.texts.at(-1) === "after",
      fixture.patienceMs,
      () => `heard only ${heard.texts.join(", ")}`,
    );
  });

  point("outage.errors", "an outage is told quickly, as unavailable with its cause", async (fixture) => {
    const outage = fixture.outage();
    const bus = await fixture.open();
    const topic = fixture.topic();
    await bus.publish(topic, "before");
    await outage.begin();
    try {
      const started = performance.now();
      const refused = await refusal(bus.publish(topic, "lost"), "unavailable");
      expect(refused.retryable).toBe(true);
      expect(refused.cause).toBeDefined();
      await refusal(bus.health(), "unavailable");
      expect(performance.now() - started).toBeLessThan(8_000);
    } finally {
      await outage.end();
    }
    await persist(fixture.patienceMs + 10_000, () => bus.health());
    await persist(fixture.patienceMs + 10_000, () => bus.publish(topic, "after"));
  });

  point("outage.close", "close ends also while the service cannot be reached", async (fixture) => {
    const outage = fixture.outage();
    const bus = await fixture.open();
    await fixture.listen(bus, fixture.topic());
    await outage.begin();
    try {
      await within(5_000, "closing", bus.close());
    } finally {
      await outage.end();
    }
  });

  point("health.up", "health resolves while the service answers", async (fixture) => {
    const bus = await fixture.open();
    await within(2_500, "health", bus.health());
  });

  point("close.idempotent", "close may be called again, and at once", async (fixture) => {
    const bus = await fixture.open();
    const heard = await fixture.listen(bus, fixture.topic());
    await within(5_000, "closing twice", Promise.all([bus.close(), bus.close()]));
    await bus.close();
    await heard.subscription.close();
  });

  point("close.refuses", "a closed bus refuses with closed and is silent", async (fixture) => {
    const [bus, other] = [await fixture.open(), await fixture.open()];
    const topic = fixture.topic();
    const heard = await fixture.listen(bus, topic);
    await bus.close();
    await refusal(bus.publish(topic, "late"), "closed");
    await refusal(
      bus.subscribe(topic, () => {}),
      "closed",
    );
    await refusal(bus.health(), "closed");
    await other.publish(topic, "to the others");
    await fixture.quiet();
    expect(heard.texts).toEqual([]);
    expect(heard.gaps()).toBe(0);
  });

  point("close.no-handles", "after close the process may end", async (fixture) => {
    const child = fixture.child({ errand: "tidy", topic: fixture.topic(), texts: texts(5) });
    await child.until(1, 20_000);
    expect(await child.ended(3_000)).toBe(0);
  });
}
