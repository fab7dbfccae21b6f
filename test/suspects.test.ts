import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { expectBestWithin } from "./best-of-three.ts";
import { faultyMillrace } from "./faults/millrace.ts";

/** One worker has room for all tasks of a test. */
const millrace = faultyMillrace({ workers: 2, env: { MILLRACE_CONCURRENCY: "150" } });
const { submit, ended, lines } = millrace;

beforeAll(() => millrace.start(), 60_000);
afterAll(() => millrace.close(), 60_000);

const until = (condition: () => boolean, what: string, ms = 60_000) => eventually(condition, ms, () => what);

/** Process ids of the running tasks, by index. */
function runners(jobId: string): Map<number, number> {
  const over = new Set(lines(jobId, "end").map(({ index }) => index));
  return new Map(
    lines(jobId, "start")
      .filter(({ index }) => !over.has(index))
      .map(({ index, pid }) => [index, pid]),
  );
}

test("what a dead worker held runs again at once and side by side, and holds up nothing else", {
  timeout: 240_000,
}, async () => {
  await expectBestWithin(2_000, killOne);
});

/**
 * Kills a worker that runs at least 50 tasks.
 * @returns milliseconds until an unrelated job has ended and the last of the tasks runs again
 */
async function killOne(): Promise<number> {
  await millrace.workersReady();
  const job = await submit(Array.from({ length: 100 }, () => "sleep 3000"));
  await until(() => lines(job.id, "start").length === 100, "not everything began");
  const held = new Map<number, number[]>();
  for (const [index, pid] of runners(job.id)) held.set(pid, [...(held.get(pid) ?? []), index]);
  const [victim, lost] = [...held].sort(([, a], [, b]) => b.length - a.length)[0]!;
  expect(lost.length).toBeGreaterThanOrEqual(50);
  const killedAt = Date.now();
  process.kill(victim, "SIGKILL");
  const other = await submit(["sleep 10"]);
  expect((await ended(other.id)).state).toBe("succeeded");
  const result = await ended(job.id);
  expect(result.state).toBe("succeeded");
  expect(result.items.map((item) => item.attempt)).toEqual(Array(100).fill(1));
  const again = lines(job.id, "start").filter(({ index, at }) => lost.includes(index) && at >= killedAt);
  expect(again.map(({ index }) => index).sort()).toEqual([...lost].sort());
  // Not in a worker, which the culprit would kill again.
  const workers = millrace.pidsOf("worker");
  expect(again.filter(({ pid }) => workers.includes(pid))).toEqual([]);
  return Math.max(lines(other.id, "end")[0]!.at, ...again.map(({ at }) => at)) - killedAt;
}

test("the culprit of many is found by halves: it dies alone three times, and the worker lives", {
  timeout: 120_000,
}, async () => {
  const workers = millrace.pidsOf("worker");
  const texts = Array.from({ length: 30 }, (_, n) => (n === 11 ? "die" : "sleep 500"));
  const job = await submit(texts);
  const result = await ended(job.id);
  expect(result.items.map((item) => item.error?.code ?? item.state)).toEqual(
    texts.map((text) => (text === "die" ? "worker_died" : "succeeded")),
  );
  const runs = lines(job.id, "start");
  const fatal = runs.filter(({ index }) => index === 11).map(({ pid }) => pid);
  // Once in a worker, then in shared processes, then three times alone.
  expect(fatal.filter((pid) => workers.includes(pid))).toHaveLength(1);
  const own = fatal.slice(-3);
  expect(runs.filter(({ pid }) => own.includes(pid)).map(({ index }) => index)).toEqual([11, 11, 11]);
  expect(millrace.pidsOf("worker").filter((pid) => workers.includes(pid))).toHaveLength(1);
});
