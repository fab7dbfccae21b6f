import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { eventually } from "../wait.ts";
import { type BrokerFixture, hold, messages } from "./fixture.ts";

export function capabilityPoints(point: DefinePoint<BrokerFixture>): void {
  point("capability.truthful", "methods exist where the capability says so", async (fixture) => {
    const broker = await fixture.open();
    const { capabilities } = broker;
    fixture.report({ ...capabilities });
    expect(typeof broker.depth).toBe(capabilities.depth ? "function" : "undefined");
    expect(typeof broker.deadLetters).toBe(capabilities.deadLetters ? "function" : "undefined");
    expect(broker.name).toMatch(/^[a-z]+$/);
  });

  point("capability.depth", "depth counts what waits, not what was delivered", async (fixture) => {
    const broker = await fixture.open();
    if (!broker.depth) return fixture.skip("depth is not told");
    const queue = fixture.queue();
    expect(await broker.depth(queue)).toBe(0);
    await fixture.put(broker, queue, messages(7));
    const settles = (count: number) =>
      eventually(
        async () => (await broker.depth!(queue)) === count,
        fixture.patienceMs,
        () => `the depth is not ${count}`,
      );
    await settles(7);
    const taken = await fixture.take(broker, queue, { prefetch: 3, handle: hold });
    const held = await taken.until(3);
    await settles(4);
    await taken.consumer.close();
    for (const delivery of held) await delivery.ack();
    await settles(4);
  });

  point(
    "capability.dead-letters",
    "rejected messages are in the dead-letter queue, oldest first",
    async (fixture) => {
      const broker = await fixture.open();
      if (!broker.deadLetters) return fixture.skip("it has no dead-letter queue of its own");
      const queue = fixture.queue();
      expect(await broker.deadLetters(queue, 10)).toEqual([]);
      await fixture.put(broker, queue, messages(4));
      const taken = await fixture.take(broker, queue, {
        prefetch: 1,
        handle: (delivery) => (delivery.id === "m-3" ? delivery.ack() : delivery.reject()),
      });
      await taken.until(4);
      let dead: { id: string }[] = [];
      const read = async (limit: number) => {
        dead = await broker.deadLetters!(queue, limit);
        return dead.length;
      };
      await eventually(
        async () => (await read(10)) === 3,
        fixture.patienceMs,
        () => `${dead.length} of 3 dead letters`,
      );
      expect(dead.map(({ id }) => id).sort()).toEqual(["m-0", "m-1", "m-2"]);
      expect(dead[0]).toMatchObject({ payload: expect.stringContaining("payload") });
      // Reading does not remove them.
      await eventually(
        async () => (await read(2)) === 2,
        fixture.patienceMs,
        () => `${dead.length} of 2 dead letters at the second look`,
      );
      await eventually(
        async () => (await read(10)) === 3,
        fixture.patienceMs,
        () => `${dead.length} of 3 dead letters at the third look`,
      );
    },
  );
}
