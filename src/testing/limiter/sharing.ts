import { expect } from "vitest";
import type { Budget, Limiter } from "../../ports/limiter.ts";
import type { Grant } from "../fixtures/limiter-child.ts";
import type { DefinePoint } from "../points.ts";
import { sleep } from "../wait.ts";
import { charge, expectLeft, HOUR, type LimiterFixture } from "./fixture.ts";

export function sharingPoints(point: DefinePoint<LimiterFixture>): void {
  point("share.at-once", "of many who ask at once, no more are served than there is for", async (fixture) => {
    const limiters = await Promise.all([fixture.open(), fixture.open(), fixture.open()]);
    const budget = fixture.budget(50, HOUR);
    const taken = await Promise.all(
      Array.from({ length: 300 }, (_, n) => limiters[n % 3]!.take([charge(budget, 1)])),
    );
    expect(taken.filter(({ ok }) => ok)).toHaveLength(50);
    await expectLeft(limiters[0]!, budget, 0);
  });

  point(
    "share.span",
    "in no span of time more is handed out than burst and refill, nor much less",
    async (fixture) => {
      const limiters = await Promise.all([fixture.open(), fixture.open(), fixture.open()]);
      const budget = fixture.budget(200, 1_000, 30);
      const begun = performance.now();
      const takers = Array.from({ length: 12 }, (_, n) => takeFor(limiters[n % 3]!, budget, 800));
      const grants = (await Promise.all(takers)).flat();
      expectNoSpanAbove(budget, grants);
      const most = 30 + (200 * (performance.now() - begun)) / 1_000;
      expect(grants.length).toBeLessThanOrEqual(most);
      expect(grants.length).toBeGreaterThan(most / 2);
    },
  );

  point("share.processes", "processes share a budget", async (fixture) => {
    const budget = fixture.budget(100, 1_000, 20);
    const children = [1, 2].map(() => fixture.child({ errand: "take", budget }));
    const limiter = await fixture.open();
    await Promise.all(children.map((child) => child.until(1, 20_000)));
    const mine = await takeFor(limiter, budget, 700);
    await Promise.all(children.map((child) => child.kill()));
    const theirs = children.map((child) => (child.reports as unknown as Grant[][]).flat());
    for (const grants of [mine, ...theirs]) expect(grants).not.toEqual([]);
    expectNoSpanAbove(budget, [...mine, ...theirs.flat()]);
  });

  point(
    "share.all-or-nothing",
    "charges of several budgets in any order lose and deadlock nothing",
    async (fixture) => {
      const limiters = await Promise.all([fixture.open(), fixture.open(), fixture.open()]);
      const [one, two, three] = [
        fixture.budget(60, HOUR),
        fixture.budget(40, HOUR),
        fixture.budget(1_000, 24 * HOUR),
      ];
      const orders = [
        [one, two, three],
        [three, two, one],
        [two, three, one],
      ];
      const taken = await Promise.all(
        Array.from({ length: 150 }, (_, n) =>
          limiters[n % 3]!.take(orders[n % 3]!.map((budget) => charge(budget, 1))),
        ),
      );
      expect(taken.filter(({ ok }) => ok)).toHaveLength(40);
      await expectLeft(limiters[1]!, one, 20);
      await expectLeft(limiters[2]!, two, 0);
      await expectLeft(limiters[0]!, three, 960);
    },
  );
}

/** Takes repeatedly for a while, waiting as instructed. Times are those of the machine's clock. */
async function takeFor(limiter: Limiter, budget: Budget, ms: number): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const end = performance.now() + ms; performance.now() < end; ) {
    const asked = machineTime();
    const taken = await limiter.take([charge(budget, 1)]);
    if (taken.ok) grants.push([asked, machineTime()]);
    else await sleep(Math.min(taken.waitMs, 20));
  }
  return grants;
}

const machineTime = () => performance.timeOrigin + performance.now();

/** Each grant happened between its request and its answer: counts those wholly inside a span. */
function expectNoSpanAbove({ limit, perMs, burst = limit }: Budget, grants: readonly Grant[]): void {
  // The clocks of processes on one machine differ by less.
  const slackMs = 2;
  const byAnswer = grants.toSorted((a, b) => a[1] - b[1]);
  for (const [from] of grants) {
    let inside = 0;
    for (const [asked, answered] of byAnswer) {
      if (asked < from) continue;
      inside += 1;
      const most = burst + (limit * (answered - from + slackMs)) / perMs;
      if (inside > most) expect.fail(`${inside} in ${answered - from} ms, at most ${most}`);
    }
  }
}
