import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { type FaultyMillrace, faultyMillrace } from "./faults/millrace.ts";
import { postgresInstalled, startPostgres } from "./services/postgres.ts";

/** Stops a process, as a debugger, heavy swapping, or a closed laptop lid would, and then continues it. */
async function stopFor(pid: number, ms: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

// The tests mostly wait, so each has a separate Millrace and they run concurrently.
describe.concurrent("a worker that is stopped for a while", () => {
  const own = () => faultyMillrace({ workers: 1 });
  const [long, silent, hasty, whole] = [own(), own(), own(), own()];
  const all = [long, silent, hasty, whole];
  beforeAll(async () => {
    for (const one of all) {
      await one.start();
      await one.workersReady();
    }
  }, 120_000);
  afterAll(() => Promise.all(all.map((one) => one.close())), 60_000);

  const begun = ({ lines }: FaultyMillrace, id: string, count: number) =>
    eventually(
      () => lines(id, "start").length === count,
      10_000,
      () => `not ${count} have begun`,
    );

  test("settles a long step that it lost and claimed again", { timeout: 120_000 }, async ({ expect }) => {
    const { id } = await long.submit(["sleep 26000"]);
    await begun(long, id, 1);
    // Until its first renewal, a claim that came with its delivery lasts longer.
    await sleep(4_000);
    await stopFor(long.pidsOf("worker")[0]!, 12_000);
    const job = await long.ended(id, 60);
    expect(job.state).toBe("succeeded");
    expect(job.items[0]!.attempt).toBe(1);
    expect(long.lines(id, "start")).toHaveLength(2);
    // The attempt that lost its lease was stopped when the next one started.
    expect(long.lines(id, "end")).toHaveLength(1);
  });

  test("gets work again although it was taken for dead", { timeout: 120_000 }, async ({ expect }) => {
    const { id } = await silent.submit(["sleep 3000", "sleep 3000"]);
    await begun(silent, id, 2);
    await stopFor(silent.pidsOf("worker")[0]!, 20_000);
    expect((await silent.ended(id, 30)).state).toBe("succeeded");
    const more = await silent.submit(Array.from({ length: 4 }, () => "sleep 1500"));
    expect((await silent.ended(more.id, 30)).state).toBe("succeeded");
    // All of its slots are free again.
    const starts = silent.lines(more.id, "start").map((line) => line.at);
    expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(1_000);
  });

  test("is let live when its step has ended and cannot be recorded", { timeout: 120_000 }, async ({
    expect,
  }) => {
    const [worker] = hasty.pidsOf("worker");
    const { id } = await hasty.submit(["heed 300"], "hasty");
    await expect.poll(() => hasty.lines(id, "start").length, { timeout: 60_000, interval: 5 }).toBe(1);
    // Longer than the step's timeout with its grace period and two rounds of the lease renewer.
    await stopFor(hasty.running.child.pid!, 14_000);
    expect((await hasty.ended(id, 30)).state).toBe("succeeded");
    expect(hasty.pidsOf("worker")).toEqual([worker]);
  });

  test("and the records with it, loses no lease", { timeout: 120_000 }, async ({ expect }) => {
    const { id } = await whole.submit(["sleep 20000"]);
    await begun(whole, id, 1);
    await stopFor(whole.running.child.pid!, 13_000);
    expect((await whole.ended(id, 40)).state).toBe("succeeded");
    expect(whole.lines(id, "start")).toHaveLength(1);
  });

  test("settles a step that runs while PostgreSQL is away for longer than a lease", {
    timeout: 180_000,
  }, async ({ expect, skip }) => {
    if (!postgresInstalled) return skip("missing: PostgreSQL's server");
    const postgres = await startPostgres();
    const millrace = faultyMillrace({ workers: 1, env: { MILLRACE_STORE: postgres.url } });
    try {
      await millrace.start();
      const { id } = await millrace.submit(["sleep 26000"]);
      await expect.poll(() => millrace.lines(id, "start").length, { timeout: 60_000 }).toBe(1);
      await postgres.restart({ awayMs: 12_000 });
      await expect
        .poll(async () => (await millrace.ended(id, 5)).state, { timeout: 90_000 })
        .toBe("succeeded");
      expect(millrace.lines(id, "end")).toHaveLength(1);
    } finally {
      await millrace.close();
      await postgres.stop();
    }
  });
});
