import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createMillrace, type Millrace, type Workers } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRecords, type Records } from "../records/open.ts";
import { type LoopbackSource, madeFeed, resultOf, startSource } from "./loopback-source.ts";

const PAGE = 25;
/** Far more than a real source allows: five per second. */
const PER_MINUTE = 300;
/** Numbers of requests after which the worker is killed, each time a moment later. */
const KILLS = [3, 7, 11] as const;

let folder: string;
let source: LoopbackSource;
let own: Records;
let millrace: Millrace;
let workers: Workers;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "places-sync-"));
  source = await startSource(madeFeed(400), PAGE);
  // Workers are separate processes that inherit this environment.
  process.env.PLACES_RECORDS = `sqlite:${join(folder, "places.db")}`;
  process.env.PLACES_SOURCE = source.url;
  process.env.PLACES_SOURCE_PER_MINUTE = String(PER_MINUTE);
  // Tests start imports themselves.
  process.env.PLACES_SYNC_SECONDS = "86400";
  own = await openRecords(process.env.PLACES_RECORDS);
  const modules = [new URL("../pipelines/index.ts", import.meta.url)];
  const { sync } = await import("../pipelines/sync.ts");
  millrace = await createMillrace({ data: join(folder, "data"), pipelines: [sync], logLevel: "silent" });
  workers = await millrace.work({ modules, processes: 1 });
}, 120_000);
afterAll(async () => {
  await millrace?.close();
  await own?.close();
  await source?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Like a schedule: starts again after a permanent failure, which continues where it stopped. */
async function readAll(): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const { id } = await millrace.submit("places.sync");
    const { state } = await millrace.wait(id);
    if (state === "succeeded") return;
  }
  throw new Error("The source was not read to its end.");
}

async function places(): Promise<Map<string, string>> {
  const rows = await own.db
    .selectFrom("source_record")
    .innerJoin("place", "place.id", "source_record.place_id")
    .select(["source_id", "name"])
    .where("place.state", "=", "accepted")
    .execute();
  return new Map(rows.map(({ source_id, name }) => [source_id, name]));
}

test("workers that are killed at any moment leave no gap and no duplicate", {
  timeout: 300_000,
}, async () => {
  const reading = readAll();
  for (const [n, requests] of KILLS.entries()) {
    while (source.requests.length < requests) await sleep(5);
    // At this time, the page may be on its way, being written, or already written.
    await sleep(n * 12);
    if (n === 1) source.refuseNext(1);
    for (const pid of Object.values(workers.pids())) process.kill(pid, "SIGKILL");
  }
  await reading;

  expect(await places()).toEqual(resultOf(source.feed));
  const accepted = await own.db.selectFrom("place").select("id").where("state", "=", "accepted").execute();
  expect(accepted).toHaveLength(resultOf(source.feed).size);
  // Each page was applied exactly once, however often it was fetched.
  const state = await own.db.selectFrom("sync").selectAll().executeTakeFirstOrThrow();
  expect(state).toMatchObject({ pages: source.feed.length / PAGE, records: source.feed.length });
  expect(state.ended_at).not.toBeNull();
});

test("the budget holds, and refusals are obeyed", () => {
  const { requests } = source;
  const times = requests.map(({ at }) => at);
  // In any time span, no more than the limit plus a burst of one. A request may be sent slightly after its turn.
  const spacing = 60_000 / PER_MINUTE;
  for (let from = 0; from < times.length; from += 10) {
    for (let to = from + 10; to < times.length; to += 10) {
      expect(to - from).toBeLessThanOrEqual(1 + (times[to]! - times[from]! + 250) / spacing);
    }
  }
  const refused = requests.findIndex(({ status }) => status === 429);
  expect(refused).toBeGreaterThan(-1);
  const next = times[refused + 1]!;
  expect(next - times[refused]!).toBeGreaterThan(990);
});

test("the next time goes on behind the cursor", { timeout: 180_000 }, async () => {
  const before = source.requests.length;
  const end = source.feed.length;
  source.feed.push(
    { id: "made-1", deleted: true },
    { id: "late", place: { name: "Late arrival", category: "park", lat: 35.1, lon: 126.9 } },
  );
  await readAll();
  expect(source.requests.slice(before).map(({ cursor }) => cursor)).toEqual([end]);
  expect(await places()).toEqual(resultOf(source.feed));
});
