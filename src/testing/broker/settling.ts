import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { eventually, sleep } from "../wait.ts";
import { type BrokerFixture, hold, idsOf, messages, putAtLast } from "./fixture.ts";

export function settlingPoints(point: DefinePoint<BrokerFixture>): void {
  point(
    "ack.final",
    "what was acknowledged never comes again, also on another connection",
    async (fixture) => {
      const first = await fixture.open();
      const queue = fixture.queue();
      const sent = messages(20);
      await fixture.put(first, queue, sent);
      let acknowledged = 0;
      await fixture.take(first, queue, {
        handle: async (delivery) => {
          await delivery.ack();
          acknowledged++;
        },
      });
      await eventually(
        () => acknowledged >= sent.length,
        fixture.patienceMs,
        () => `${acknowledged} acknowledged`,
      );
      await first.close();
      const second = await fixture.open();
      const taken = await fixture.take(second, queue);
      await fixture.put(second, queue, messages(1, "probe"));
      await taken.untilAll(["probe-0"]);
      await fixture.quiet();
      expect(taken.ids()).toEqual(["probe-0"]);
    },
  );

  point("ack.twice", "settling the same delivery again is harmless", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(broker, queue, messages(1));
    const taken = await fixture.take(broker, queue, { handle: hold, prefetch: 1 });
    const [delivery] = await taken.until(1);
    await Promise.all([delivery!.ack(), delivery!.ack()]);
    await delivery!.ack();
    await delivery!.retry();
    await delivery!.reject();
    await delivery!.extend();
    await fixture.put(broker, queue, messages(1, "next"));
    await taken.untilAll(["next-0"]);
    await taken.deliveries.at(-1)!.ack();
    await fixture.quiet();
    expect(taken.ids()).toEqual(["m-0", "next-0"]);
  });

  point(
    "ack.out-of-order",
    "acknowledging later messages first does not lose an earlier one",
    async (fixture) => {
      const first = await fixture.open();
      const queue = fixture.queue();
      const sent = messages(6);
      await fixture.put(first, queue, sent);
      const taken = await fixture.take(first, queue, { handle: hold, prefetch: 6 });
      const [kept, ...others] = await taken.until(6);
      for (const delivery of others.reverse()) await delivery.ack();
      await first.close();
      const second = await fixture.open();
      const again = await fixture.take(second, queue);
      await again.untilAll([kept!.id], fixture.redeliveryMs(second));
    },
  );

  point(
    "retry.redelivers",
    "retry brings a message again soon, counted where counts are kept",
    async (fixture) => {
      const broker = await fixture.open();
      const queue = fixture.queue();
      await fixture.put(broker, queue, messages(1));
      const counts: number[] = [];
      const taken = await fixture.take(broker, queue, {
        handle: (delivery) => {
          counts.push(delivery.count);
          return counts.length < 4 ? delivery.retry() : delivery.ack();
        },
      });
      await taken.until(4, 5_000);
      expect(counts[0]).toBe(1);
      if (broker.capabilities.countsDeliveries) expect(counts).toEqual([1, 2, 3, 4]);
      expect(taken.deliveries.every((delivery) => delivery.payload === "payload 0")).toBe(true);
    },
  );

  point("retry.any-consumer", "what one consumer gives back, another may get", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(broker, queue, messages(1));
    const first = await fixture.take(broker, queue, { prefetch: 1, handle: hold });
    const [delivery] = await first.until(1);
    await first.consumer.close();
    await delivery!.retry();
    const second = await fixture.take(await fixture.open(), queue);
    await second.until(1);
  });

  point("reject.drops", "a rejected message does not come again", async (fixture) => {
    const broker = await fixture.open();
    const queue = fixture.queue();
    const taken = await fixture.take(broker, queue, {
      handle: (delivery) => (delivery.id === "m-0" ? delivery.reject() : delivery.ack()),
    });
    await fixture.put(broker, queue, messages(3));
    await taken.untilAll(idsOf(messages(3)));
    await fixture.quiet();
    expect(taken.ids().sort()).toEqual(idsOf(messages(3)));
  });

  point(
    "settle.late",
    "settling after lost ownership is refused with lost_ownership, and safe twice",
    async (fixture) => {
      const loser = await fixture.open();
      const { ownershipMs } = loser.capabilities;
      if (ownershipMs === null && !fixture.harness.loseOwnership) fixture.skip("ownership cannot be lost");
      const queue = fixture.queue();
      await fixture.put(loser, queue, messages(1));
      const lost = await fixture.take(loser, queue, { prefetch: 1, handle: hold });
      const [delivery] = await lost.until(1);
      await lost.consumer.close();
      const winner = await fixture.open();
      const won = await fixture.take(winner, queue, { prefetch: 1, handle: hold });
      await fixture.harness.loseOwnership?.(loser);
      const [again] = await won.until(1, fixture.redeliveryMs(winner));
      await refusal(delivery!.ack(), "lost_ownership");
      await refusal(delivery!.ack(), "lost_ownership");
      await refusal(delivery!.extend(), "lost_ownership");
      await again!.ack();
      // Whatever took the loser's ownership may have cut off the winner as well: it publishes once it is back.
      await putAtLast(winner, queue, messages(1, "probe")[0]!);
      await won.untilAll(["probe-0"]);
      expect(won.ids()).toEqual(["m-0", "probe-0"]);
    },
  );

  point("extend.keeps", "extend keeps a delivery beyond its ownership time", async (fixture) => {
    const holder = await fixture.open();
    const queue = fixture.queue();
    await fixture.put(holder, queue, messages(1));
    const held = await fixture.take(holder, queue, { prefetch: 1, handle: hold });
    const [delivery] = await held.until(1);
    const { ownershipMs } = holder.capabilities;
    if (ownershipMs === null) {
      await delivery!.extend();
      return delivery!.ack();
    }
    const other = await fixture.take(await fixture.open(), queue);
    const until = performance.now() + ownershipMs * 2.5;
    while (performance.now() < until) {
      await sleep(ownershipMs / 4);
      await delivery!.extend();
    }
    expect(other.ids()).toEqual([]);
    await delivery!.ack();
    await fixture.quiet();
    expect(other.ids()).toEqual([]);
  });
}
