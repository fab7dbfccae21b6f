import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultyMillrace } from "./faults/millrace.ts";

const HOUR = 3_600_000;
const clock = join(import.meta.dirname, "clocks", "preload.js");
const millrace = faultyMillrace({
  workers: 1,
  env: { NODE_OPTIONS: `--import ${clock}`, MILLRACE_RETENTION_HOURS: "1" },
});
beforeAll(() => millrace.start(), 30_000);
afterAll(() => millrace.close(), 60_000);

test.each([
  ["an hour and a half ahead", 1.5 * HOUR],
  ["a year ahead", 365 * 24 * HOUR],
  ["a day back", -24 * HOUR],
])(
  "a machine's clock that is set %s ends no lease, and no result's time",
  { timeout: 60_000 },
  async (_, ms) => {
    const kept = await millrace.submit(["sleep 1"]);
    expect((await millrace.ended(kept.id)).state).toBe("succeeded");
    const { id } = await millrace.submit(["sleep 9000"]);
    await expect.poll(() => millrace.lines(id, "start").length, { timeout: 60_000 }).toBe(1);
    writeFileSync(millrace.clock, String(ms));
    const job = await millrace.ended(id);
    expect(job).toMatchObject({ state: "succeeded", items: [{ attempt: 1 }] });
    expect(millrace.lines(id, "start")).toHaveLength(1);
    // Meanwhile the scheduler has looked for overdue tasks.
    expect((await millrace.ended(kept.id)).state).toBe("succeeded");
    // A worker that the scheduler considered dead would get no work.
    const next = await millrace.submit(["sleep 1"]);
    expect((await millrace.ended(next.id, 10)).state).toBe("succeeded");
  },
);

test("a retry does not wait for a clock that is set back before a restart", {
  timeout: 120_000,
}, async () => {
  writeFileSync(millrace.clock, "0");
  await millrace.running.stop();
  await millrace.start();
  const { id } = await millrace.submit(["x"], "patient");
  await expect.poll(() => millrace.lines(id, "start").length).toBe(1);
  await expect.poll(async () => (await millrace.ended(id, 0)).items[0]!.state).toBe("retrying");
  writeFileSync(millrace.clock, String(-HOUR));
  await millrace.running.stop();
  await millrace.start();
  expect(await millrace.ended(id, 60)).toMatchObject({ state: "succeeded", items: [{ attempt: 2 }] });
});
