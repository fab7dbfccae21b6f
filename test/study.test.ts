import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { postgres } from "../scripts/services/postgres.ts";
import type { Services } from "../src/lab/architectures/architecture.ts";
import { subjects } from "../src/lab/architectures/index.ts";
import type { LabRecord, RequestRecord } from "../src/lab/records.ts";
import { measure } from "../src/lab/study/cell.ts";
import { fullStudy, type StudyOptions } from "../src/lab/study/plan.ts";
import { runStudy } from "../src/lab/study/run.ts";
import { inputOf } from "../src/lab/workloads/input.ts";
import { work } from "../src/lab/workloads/work.ts";
import { startRedis } from "./services/redis.ts";
import { serviceUrls } from "./services.ts";

const nowhere: Services = { postgres: null, redis: null, rabbitmq: null, kafka: null };
const storeUrl = serviceUrls("study").postgres;
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-study-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function recordsIn(path: string): Promise<LabRecord[]> {
  return (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LabRecord);
}

test("an interrupted study goes on where it stopped, and names what it leaves out", async () => {
  const options: StudyOptions = {
    ...fullStudy,
    architectures: ["V0", "V5"],
    workloads: ["sleep"],
    workers: [2],
    users: [4],
    loops: ["poll", "closed"],
    rounds: 1,
    roundsAt16: 1,
    seconds: 1,
  };
  const given = { options, services: nowhere, out: folder, files: {}, seed: 1, sleepMs: 500 };
  const stop = new AbortController();
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    if (line.startsWith("2 of 2")) stop.abort();
  };
  const { path } = await runStudy({ ...given, signal: stop.signal, say });
  expect(lines.some((line) => /^V5 is left out: .*PostgreSQL/.test(line))).toBe(true);
  const first = await recordsIn(path);
  expect(first.filter(({ type }) => type === "end")).toHaveLength(1);
  const other = runStudy({ ...given, sleepMs: 100, signal: new AbortController().signal, say });
  await expect(other).rejects.toThrow(/began with --sleep 500/);
  const { failed } = await runStudy({ ...given, signal: new AbortController().signal, say });
  expect(failed).toEqual([]);

  const all = await recordsIn(path);
  const ended = all.flatMap((record) => (record.type === "end" ? [record] : []));
  expect(new Set(ended.map(({ cell }) => cell.split("#")[0])).size).toBe(2);
  expect(ended).toHaveLength(2);
  const requests = all.filter((record): record is RequestRecord => record.type === "request");
  // Requests of an interrupted cell have no end, and do not count.
  const counted = requests.filter((one) => ended.some(({ cell }) => cell === one.cell));
  // A busy machine may be late, but nothing fails or is lost, and clients without a time limit get their result.
  expect(counted.filter(({ outcome }) => outcome !== "ok" && outcome !== "timed-out")).toEqual([]);
  const closed = counted.filter(({ cell }) => cell.includes("/closed/"));
  expect(closed.length).toBeGreaterThan(4);
  expect(closed.every(({ outcome }) => outcome === "ok")).toBe(true);
  // A timer and two clocks, each right to a millisecond.
  expect(Math.min(...closed.map(({ startedMs, endedMs }) => endedMs! - startedMs!))).toBeGreaterThan(497);
  const sampled = all.filter((record) => record.type === "sample");
  expect(sampled.some(({ running }) => running === 4)).toBe(true);
  expect(sampled.flatMap(({ processes }) => processes.map(({ role }) => role))).toContain("service");
  expect(all.some((record) => record.type === "idle" && record.ok)).toBe(true);
  expect(all.filter(({ type }) => type === "left-out")).toHaveLength(2);
});

test("a broker that is stopped shows in the failures, and in what says what waits", async (context) => {
  const lacks = [
    (await postgres.answers(storeUrl)) ? null : "postgres",
    spawnSync("redis-server", ["--version"]).status === 0 ? null : "redis-server",
  ].filter((name) => name !== null);
  context.skip(lacks.length > 0, `missing: ${lacks.join(", ")}`);
  const redis = await startRedis();
  const services = { ...nowhere, postgres: storeUrl, redis: redis.url };
  const settings = { workload: "sleep", amount: 500, device: null } as const;
  const file = await inputOf("sleep", null);
  const { result } = await work(settings, file);
  // Longer than it takes, so that even a busy machine meets the deadline.
  const calibration = { serviceMs: 1_000, result };
  const subject = subjects.find(({ architecture }) => architecture === "V4")!;
  const cell = { key: "stopped", subject, workload: "sleep", workers: 2, users: 0, round: 1 } as const;
  const records: LabRecord[] = [];
  let stoppedMs = Number.POSITIVE_INFINITY;
  let stopping: Promise<void> | undefined;
  await measure(
    "stopped",
    { ...cell, loop: "open", rate: 1 },
    { settings, file, calibration, services, seconds: 6, seed: 1 },
    (record) => {
      records.push(record);
      if (record.type !== "sample" || record.atMs < 3_000 || stopping) return;
      stoppedMs = record.atMs;
      stopping = redis.stop();
    },
    new AbortController().signal,
  );
  await stopping;

  const requests = records.filter((record): record is RequestRecord => record.type === "request");
  expect(requests.some(({ seenMs, outcome }) => seenMs < stoppedMs && outcome === "ok")).toBe(true);
  const after = requests.filter(({ dueMs }) => dueMs > stoppedMs + 1_000);
  expect(after.length).toBeGreaterThan(0);
  // The API keeps accepting jobs, but nothing reaches a worker.
  expect(new Set(after.map(({ outcome }) => outcome))).toEqual(new Set(["timed-out"]));
  expect(after.some(({ acceptedMs }) => acceptedMs !== null)).toBe(true);
  expect(after.filter(({ startedMs }) => startedMs !== null)).toEqual([]);
  const from = (place: string) =>
    records.filter((one) => one.type === "sample" && one.from === place && one.atMs > stoppedMs + 3_000);
  expect(from("broker")).toEqual([]);
  expect(from("store").length).toBeGreaterThan(0);
});
