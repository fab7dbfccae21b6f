import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultyMillrace } from "./faults/millrace.ts";
import { postgresInstalled, startPostgres } from "./services/postgres.ts";

/** Stops a process as a debugger, a full swap or a laptop's lid does, and lets it go on. */
async function stopFor(pid: number, ms: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

describe("a worker that is stopped for a while", () => {
  const millrace = faultyMillrace({ workers: 1 });
  const { submit, ended, lines } = millrace;
  beforeAll(() => millrace.start(), 30_000);
  afterAll(() => millrace.close(), 60_000);

  const begun = (id: string, count: number) =>
    expect.poll(() => lines(id, "start").length, { timeout: 10_000, interval: 50 }).toBe(count);

  test("settles a long step that it lost and claimed again", { timeout: 120_000 }, async () => {
    const { id } = await submit(["sleep 26000"]);
    await begun(id, 1);
    // A claim that comes with its delivery holds for longer, until it is renewed for the first time.
    await sleep(4_000);
    await stopFor(millrace.pidsOf("worker")[0]!, 12_000);
    const job = await ended(id, 60);
    expect(job.state).toBe("succeeded");
    expect(job.items[0]!.attempt).toBe(1);
    expect(lines(id, "start")).toHaveLength(2);
    // The attempt whose lease was lost was stopped when the next one began.
    expect(lines(id, "end")).toHaveLength(1);
  });

  test("gets work again although it was taken for dead", { timeout: 120_000 }, async () => {
    const { id } = await submit(["sleep 3000", "sleep 3000"]);
    await begun(id, 2);
    await stopFor(millrace.pidsOf("worker")[0]!, 20_000);
    expect((await ended(id, 30)).state).toBe("succeeded");
    const more = await submit(Array.from({ length: 4 }, () => "sleep 1500"));
    expect((await ended(more.id, 30)).state).toBe("succeeded");
    // All of its slots are there again.
    const starts = lines(more.id, "start").map((line) => line.at);
    expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(1_000);
  });

  test("is let live when its step has ended and cannot be recorded", { timeout: 120_000 }, async () => {
    const [worker] = millrace.pidsOf("worker");
    const { id } = await submit(["heed 300"], "hasty");
    await expect.poll(() => lines(id, "start").length, { timeout: 10_000, interval: 5 }).toBe(1);
    // Longer than the step may take, with its grace and two rounds of the lease renewer.
    await stopFor(millrace.running.child.pid!, 14_000);
    expect((await ended(id, 30)).state).toBe("succeeded");
    expect(millrace.pidsOf("worker")).toEqual([worker]);
  });

  test("and the records with it, loses no lease", { timeout: 120_000 }, async () => {
    const { id } = await submit(["sleep 20000"]);
    await begun(id, 1);
    await stopFor(millrace.running.child.pid!, 13_000);
    expect((await ended(id, 40)).state).toBe("succeeded");
    expect(lines(id, "start")).toHaveLength(1);
  });
});

test("a step that runs while PostgreSQL is away for longer than a lease is settled", {
  timeout: 180_000,
}, async (ctx) => {
  if (!postgresInstalled) return ctx.skip("missing: PostgreSQL's server");
  const postgres = await startPostgres();
  const millrace = faultyMillrace({ workers: 1, env: { MILLRACE_STORE: postgres.url } });
  try {
    await millrace.start();
    const { id } = await millrace.submit(["sleep 26000"]);
    await expect.poll(() => millrace.lines(id, "start").length, { timeout: 10_000 }).toBe(1);
    await postgres.restart({ awayMs: 12_000 });
    await expect.poll(async () => (await millrace.ended(id, 5)).state, { timeout: 90_000 }).toBe("succeeded");
    expect(millrace.lines(id, "end")).toHaveLength(1);
  } finally {
    await millrace.close();
    await postgres.stop();
  }
});
