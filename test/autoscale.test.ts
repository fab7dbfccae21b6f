import { afterAll, beforeAll, expect, test } from "vitest";
import { millrace as command } from "./cli/command.ts";
import { type FaultyMillrace, faultyMillrace } from "./faults/millrace.ts";
import { metric, scaleIns } from "./scaling/scale-ins.ts";

let millrace: FaultyMillrace;

beforeAll(async () => {
  millrace = faultyMillrace({ workers: "0..3", env: { MILLRACE_SCALE_DOWN: "2" } });
  await millrace.start();
});
afterAll(() => millrace.close());

const workers = () => millrace.pidsOf("worker");
const reaches = (count: number) =>
  expect.poll(() => workers().length, { timeout: 60_000, interval: 50 }).toBe(count);

test("from zero to as many as demand asks for, and back to zero", async () => {
  expect(workers()).toEqual([]);
  // A worker runs four at once, so this is work for three workers.
  const { id } = await millrace.submit(Array.from({ length: 12 }, () => "sleep 4000"));
  await reaches(3);
  expect((await millrace.ended(id)).state).toBe("succeeded");
  await reaches(0);
  expect(millrace.lines(id, "start").map(({ attempt }) => attempt)).toEqual(Array(12).fill(1));
  // A worker that was stopped on purpose is not reported as dead.
  expect(millrace.running.errors()).not.toMatch(/worker \d+ ended/);
});

test("a busy worker is not ended before an idle one, and finishes what it runs", async () => {
  const long = await millrace.submit(["sleep 12000"]);
  await expect.poll(() => millrace.lines(long.id, "start").length, { timeout: 60_000 }).toBe(1);
  const [busy] = millrace.lines(long.id, "start");
  const more = await millrace.submit(Array.from({ length: 11 }, () => "sleep 1000"));
  await reaches(3);
  await millrace.ended(more.id);
  await reaches(1);
  expect(workers()).toEqual([busy!.pid]);
  expect((await millrace.ended(long.id)).state).toBe("succeeded");
  expect(millrace.lines(long.id, "start")).toHaveLength(1);
  await reaches(0);
});

test("scale-ins under load kill no task and charge no attempt", { timeout: 240_000 }, async () => {
  const result = await scaleIns(6, 200);
  expect(result.scaleIns).toBeGreaterThanOrEqual(6);
  expect(result).toMatchObject({ killed: 0, charged: 0, interrupted: 0 });
});

test("the metrics tell what is wanted, running and interrupted", async () => {
  await expect
    .poll(() => metric(millrace, "millrace_scale_changes_total", 'direction="up"'), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(6);
  expect(await metric(millrace, "millrace_scale_workers_limit", 'bound="max"')).toBe(3);
  expect(await metric(millrace, "millrace_scale_interrupted_tasks_total")).toBe(0);
});

test("millrace autoscale says what it needs", async () => {
  const [fixed, embedded] = await Promise.all([
    command(["autoscale", "--workers", "4", "--store", "postgres://127.0.0.1:1/none"]),
    command(["autoscale", "--workers", "0..4"]),
  ]);
  expect(fixed).toMatchObject({ code: 2, stderr: expect.stringContaining("--workers 0..8") });
  expect(embedded).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("millrace start --workers 0..8"),
  });
});
