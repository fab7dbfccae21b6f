import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectBestWithin } from "./best-of-three.ts";
import { faultyMillrace } from "./faults/millrace.ts";

const millrace = faultyMillrace({ workers: 2 });
const { submit, ended, lines, log } = millrace;

beforeAll(() => millrace.start(), 30_000);
afterAll(() => millrace.close(), 60_000);

const until = (check: () => boolean) => expect.poll(check, { timeout: 60_000, interval: 10 }).toBe(true);

test("the tasks of a killed worker run again within 2 s, and no attempt is charged", {
  timeout: 120_000,
}, async () => {
  await expectBestWithin(2_000, killOne);
});

/** Kills a worker with running tasks. @returns milliseconds until one of them runs again */
async function killOne(): Promise<number> {
  await millrace.workersReady();
  const job = await submit(Array.from({ length: 8 }, () => "sleep 1500"));
  await until(() => lines(job.id, "start").length === 8);
  const [victim] = millrace.pidsOf("worker");
  const killedAt = Date.now();
  process.kill(victim!, "SIGKILL");
  await until(() => lines(job.id, "start").length > 8);
  const result = await ended(job.id);
  expect(result.state).toBe("succeeded");
  expect(result.items.map((item) => item.attempt)).toEqual(Array(8).fill(1));
  return lines(job.id, "start")[8]!.at - killedAt;
}

test("a file that kills its worker becomes a dead letter after three deaths alone, and harms no other", {
  timeout: 90_000,
}, async () => {
  const job = await submit(["sleep 100", "die", "sleep 100", "sleep 100"]);
  const result = await ended(job.id);
  expect(result.state).toBe("partial");
  expect(result.items.map((item) => item.state)).toEqual(["succeeded", "failed", "succeeded", "succeeded"]);
  expect(result.items[1]!.error).toMatchObject({ code: "worker_died" });
  // Once in its worker, at most twice in a shared process, then three times alone.
  const runs = lines(job.id, "start").filter((line) => line.index === 1).length;
  expect(runs).toBeGreaterThanOrEqual(4);
  expect(runs).toBeLessThanOrEqual(6);
});

test("a step that blocks its process for longer than a lease runs once", { timeout: 60_000 }, async () => {
  const job = await submit(["block 13000"]);
  const result = await ended(job.id);
  expect(result.state).toBe("succeeded");
  expect(lines(job.id, "start")).toHaveLength(1);
});

test("a step is ended when its time is over, whether it heeds its signal or not", {
  timeout: 60_000,
}, async () => {
  const job = await submit(["heed 20000", "ignore 20000"], "hasty");
  const result = await ended(job.id);
  expect(result.state).toBe("failed");
  expect(result.items.map((item) => item.error?.code)).toEqual(["step_timeout", "step_timeout"]);
  // The worker that could not stop the step is replaced, and work continues.
  expect((await ended((await submit(["sleep 1"])).id)).state).toBe("succeeded");
});

test("a permanent failure is not tried again; a dead letter is replayed when its cause is gone", {
  timeout: 60_000,
}, async () => {
  const job = await submit(["permanent", "fail", "sleep 1"]);
  const result = await ended(job.id);
  expect(result.state).toBe("partial");
  expect(result.items.map((item) => item.attempt)).toEqual([1, 3, 1]);
  writeFileSync(`${log}.healed`, "");
  const response = await fetch(`${millrace.running.url}/v1/jobs/${job.id}/retry`, { method: "POST" });
  expect(response.ok).toBe(true);
  const again = await ended(job.id);
  expect(again.items.map((item) => item.state)).toEqual(["failed", "succeeded", "succeeded"]);
});

test("cancelling stops what runs and what waits", { timeout: 60_000 }, async () => {
  const job = await submit(Array.from({ length: 30 }, () => "sleep 20000"));
  await until(() => lines(job.id, "start").length > 0);
  const response = await fetch(`${millrace.running.url}/v1/jobs/${job.id}/cancel`, { method: "POST" });
  expect(response.ok).toBe(true);
  expect((await ended(job.id)).state).toBe("cancelled");
  // The workers are free at once, not only after the 20 s of the steps.
  const next = await submit(["sleep 1"]);
  expect((await ended(next.id, 8)).state).toBe("succeeded");
  expect(lines(job.id, "end")).toHaveLength(0);
});

test("SIGTERM under load loses nothing and charges nothing", { timeout: 90_000 }, async () => {
  const job = await submit(Array.from({ length: 40 }, () => "sleep 400"));
  await until(() => lines(job.id, "end").length > 4);
  expect(await millrace.running.stop()).toBe(0);
  await millrace.start();
  const result = await ended(job.id);
  expect(result.state).toBe("succeeded");
  expect(result.items.map((item) => item.attempt)).toEqual(Array(40).fill(1));
  // Running work was allowed to finish, so nothing ran twice.
  expect(lines(job.id, "start")).toHaveLength(40);
});
