import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type ScheduleQuery, scheduleRecords } from "../../src/database/schedules.ts";
import { derivedId } from "../../src/domain/ids.ts";
import { fire } from "../../src/engine/schedules/fire.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { ended, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const HOUR_MS = 3_600_000;

const report = definePipeline({
  name: "report",
  version: 1,
  title: "Report",
  accepts: { data: z.object({ day: z.string() }) },
  options: z.object({ ms: z.number().default(0) }),
  schedules: [
    { name: "nightly", cron: "0 2 * * *", timeZone: "Asia/Seoul", items: [{ data: { day: "today" } }] },
  ],
}).each(
  "write",
  async ({ data, options, signal }) => {
    const { setTimeout: sleep } = await import("node:timers/promises");
    await sleep(options.ms, undefined, { signal });
    return data.day;
  },
  { cache: "never", concurrency: 20 },
);

const crowded = definePipeline({ name: "crowded", version: 1, title: "Crowded", queueLimit: 1 }).each(
  "never",
  () => null,
);

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [report] });
});
afterAll(() => server.close());

interface ScheduleJson {
  id: string;
  next: string[];
  paused: boolean;
  lastJobId: string | null;
  last: { outcome: string; dueAt: string; error: { code: string } | null } | null;
}

const items = [{ data: { day: "Monday" } }];
const hourly = { pipeline: "report", items, everySeconds: 3_600 };

async function create(body: object): Promise<ScheduleJson> {
  const response = await post(server.url, "/v1/schedules", body);
  if (response.status !== 201) throw new Error(await response.text());
  return (await response.json()) as ScheduleJson;
}

async function get(id: string): Promise<ScheduleJson> {
  return (await (await fetch(`${server.url}/v1/schedules/${id}`)).json()) as ScheduleJson;
}

/** Pretends that the schedule's next due time was `time`. */
async function dueAt(id: string, time: number): Promise<ScheduleQuery> {
  const query = { owner: null, id };
  await scheduleRecords(server.engine.database).update(query, (one) => ({ ...one, dueAt: time }));
  return query;
}

/** Many schedulers check at the same time. */
async function look(): Promise<void> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  await Promise.all(Array.from({ length: 8 }, () => server.engine.schedules.fireDue(log)));
}

async function jobsOf(owner = "local") {
  return server.engine.store.jobs({ owner, limit: 100 });
}

test("a schedule shows its next five times, and is paused, resumed, changed and removed", async () => {
  const cron = { cron: "0 8 * * 1-5", timeZone: "Europe/Berlin" };
  const made = await create({ pipeline: "report", name: "mornings", items, ...cron });
  expect(made).toMatchObject({
    name: "mornings",
    ...cron,
    everySeconds: null,
    missed: "once",
    overlap: "skip",
  });
  expect(made.next).toHaveLength(5);
  const act = async (action: string) =>
    (await post(server.url, `/v1/schedules/${made.id}/${action}`, {})).json();
  expect(await act("pause")).toMatchObject({ paused: true, next: [] });
  expect(await act("resume")).toMatchObject({ paused: false, next: made.next });
  const patch = (body: object) =>
    fetch(`${server.url}/v1/schedules/${made.id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect(await (await patch({ timeZone: "UTC" })).json()).toMatchObject({
    cron: "0 8 * * 1-5",
    timeZone: "UTC",
  });
  expect(await (await patch({ everySeconds: 60 })).json()).toMatchObject({ cron: null, everySeconds: 60 });
  expect((await patch({ options: { ms: "no" } })).status).toBe(422);
  const list = (await (await fetch(`${server.url}/v1/schedules`)).json()) as { items: ScheduleJson[] };
  expect(list.items.map(({ id }) => id)).toContain(made.id);
  expect((await fetch(`${server.url}/v1/schedules/${made.id}`, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(`${server.url}/v1/schedules/${made.id}`)).status).toBe(404);
});

test("each due time makes one job, whoever looks and however often", async () => {
  const { id } = await create(hourly);
  const due = Date.now() - 2_000;
  for (let n = 0; n < 3; n++) {
    await dueAt(id, due + n);
    await look();
  }
  const jobs = (await jobsOf()).filter((job) =>
    [0, 1, 2].some((n) => job.id === derivedId(due + n, "schedule", id)),
  );
  expect(jobs).toHaveLength(3);
  const schedule = await get(id);
  expect(schedule).toMatchObject({ last: { outcome: "started", error: null }, lastJobId: jobs[0]!.id });
  expect(Date.parse(schedule.next[0]!)).toBe(due + 2 + HOUR_MS);
  expect(await ended(server.url, jobs[0]!.id)).toMatchObject({
    state: "succeeded",
    items: [{ result: "Monday" }],
  });
});

test("a scheduler that dies between the job and its note leaves nothing to do twice", async () => {
  const { id } = await create(hourly);
  const query = await dueAt(id, Date.now() - 1_000);
  const schedule = await server.engine.schedules.get(query);
  // Simulates a crash between starting the job and recording it.
  const fired = await fire(server.engine, schedule, Date.now());
  const before = (await jobsOf()).length;
  await look();
  expect(await jobsOf()).toHaveLength(before);
  expect(await get(id)).toMatchObject({ lastJobId: fired.jobId, last: { outcome: "started" } });
});

test.each([
  ["once", "started", 1],
  ["skip", "missed", 0],
] as const)("after an outage, %s: %s", async (missed, outcome, count) => {
  const { id } = await create({ ...hourly, missed });
  const before = (await jobsOf()).length;
  const due = Date.now() - 10.5 * HOUR_MS;
  await dueAt(id, due);
  await look();
  expect((await jobsOf()).length - before).toBe(count);
  const schedule = await get(id);
  expect(schedule.last).toMatchObject({ outcome, dueAt: new Date(due + 10 * HOUR_MS).toISOString() });
  expect(Date.parse(schedule.next[0]!)).toBe(due + 11 * HOUR_MS);
});

test.each([
  ["skip", "overlapped", 1],
  ["queue", "started", 2],
] as const)("while the last job runs, %s: %s", async (overlap, outcome, count) => {
  const { id } = await create({ ...hourly, overlap, options: { ms: 60_000 } });
  const before = (await jobsOf()).length;
  await dueAt(id, Date.now() - 2_000);
  await look();
  await dueAt(id, Date.now() - 1_000);
  await look();
  expect((await jobsOf()).length - before).toBe(count);
  expect((await get(id)).last).toMatchObject({ outcome });
  for (const job of await jobsOf()) await server.engine.cancelJob("local", job.id).catch(() => {});
});

test("a job can be started at once, and the next due time stays", async () => {
  const { id, next } = await create(hourly);
  const started = await post(server.url, `/v1/schedules/${id}/run`, {});
  expect(started.status).toBe(202);
  const { jobId } = (await started.json()) as { jobId: string };
  expect(await ended(server.url, jobId)).toMatchObject({ state: "succeeded" });
  expect(await get(id)).toMatchObject({ next, lastJobId: jobId });
});

test("what its jobs would be refused for is refused at once", async () => {
  const refusedWith = async (body: object) => {
    const { status, code } = await problemOf(await post(server.url, "/v1/schedules", body));
    return [status, code];
  };
  expect(await refusedWith({ ...hourly, pipeline: "nope" })).toEqual([404, "not_found"]);
  expect(await refusedWith({ ...hourly, items: [{ data: 1 }] })).toEqual([422, "invalid_items"]);
  expect(await refusedWith({ ...hourly, options: { ms: "x" } })).toEqual([422, "invalid_options"]);
  expect(await refusedWith({ ...hourly, cron: "* * * * *" })).toEqual([422, "invalid_schedule"]);
  expect(await refusedWith({ pipeline: "report", items })).toEqual([422, "invalid_schedule"]);
  expect(await refusedWith({ pipeline: "report", items, cron: "61 * * * *" })).toEqual([
    422,
    "invalid_schedule",
  ]);
});

test("the due times of a timing are shown before there is a schedule", async () => {
  const preview = (body: object) => post(server.url, "/v1/schedules/preview", body);
  const { next } = (await (await preview({ cron: "30 2 * * 1-5", timeZone: "Asia/Seoul" })).json()) as {
    next: string[];
  };
  expect(next).toHaveLength(5);
  for (const time of next) {
    expect(time).toMatch(/T17:30:00\.000Z$/);
    expect([0, 1, 2, 3, 4]).toContain(new Date(time).getUTCDay());
  }
  expect(await problemOf(await preview({ cron: "0 0 30 2 *" }))).toMatchObject({ code: "invalid_schedule" });
  expect(await problemOf(await preview({ everySeconds: 5, cron: "* * * * *" }))).toMatchObject({
    code: "invalid_schedule",
  });
});

test("a schedule holds no more than is read together with many others", async () => {
  const large = Array.from({ length: 300 }, () => ({ data: { day: "x".repeat(1_000) } }));
  const problem = await problemOf(await post(server.url, "/v1/schedules", { ...hourly, items: large }));
  expect(problem).toMatchObject({ status: 422, code: "invalid_schedule", limit: 256 * 1024 });
});

describe("where one owner has many schedules that are due", () => {
  const timing = { everySeconds: 3_600 };
  const spec = { name: "", options: {}, missed: "once", overlap: "queue", timing } as const;
  let apart: Running;
  let records: ReturnType<typeof scheduleRecords>;
  beforeEach(async () => {
    apart = await start({ pipelines: [crowded, report], worker: false });
    records = scheduleRecords(apart.engine.database);
  });
  afterEach(() => apart.close());

  async function due(owner: string, pipeline: string, ago: number): Promise<void> {
    const made = pipeline === "report" ? items : [];
    const { id } = await apart.engine.schedules.create(owner, { ...spec, pipeline, items: made });
    await records.update({ owner: null, id }, (one) => ({ ...one, dueAt: Date.now() - ago }));
  }
  const startedOf = async (owner: string) => (await apart.engine.store.jobs({ owner, limit: 100 })).length;

  test("those that cannot start hold up none behind them, and rest for a while", async () => {
    await apart.engine.createJob({ owner: "first", pipeline: "crowded", options: {}, files: [] });
    for (let n = 0; n < 120; n++) await due("ada", "crowded", 10_000);
    await due("ada", "report", 1_000);
    const warned: unknown[] = [];
    const log = { debug() {}, info() {}, warn: (...line: unknown[]) => void warned.push(line), error() {} };
    for (let looks = 0; looks < 5 && (await startedOf("ada")) === 0; looks++)
      await apart.engine.schedules.fireDue(log);
    expect(await startedOf("ada")).toBe(1);
    const counts = warned.map((line) => (line as [string, { schedules: number }])[1].schedules);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(120);
  });

  test("another owner's comes in the first turn", async () => {
    for (let n = 0; n < 400; n++) await due("mallory", "report", 10_000);
    await due("ada", "report", 1_000);
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const create = vi.spyOn(apart.engine.store, "reserve");
    await apart.engine.schedules.fireDue(log);
    const owners = create.mock.calls.map(([{ owner }]) => owner);
    create.mockRestore();
    expect(owners.indexOf("ada")).toBeLessThan(2);
    expect(await startedOf("ada")).toBe(1);
  });
});

test("what a pipeline defines belongs to the system, and goes when it is not defined any more", async () => {
  await server.engine.schedules.define();
  await server.engine.schedules.define();
  const all = (await (await fetch(`${server.url}/v1/admin/schedules?limit=100`)).json()) as {
    items: (ScheduleJson & { owner: string; name: string })[];
  };
  const [nightly, ...more] = all.items.filter(({ owner }) => owner === "system");
  expect(more).toEqual([]);
  expect(nightly).toMatchObject({
    name: "nightly",
    pipeline: "report",
    timeZone: "Asia/Seoul",
    definedInCode: true,
  });
  expect((await fetch(`${server.url}/v1/schedules/${nightly!.id}`)).status).toBe(404);
  await post(server.url, `/v1/admin/schedules/${nightly!.id}/pause`, {});
  await server.engine.schedules.define();
  expect(await (await fetch(`${server.url}/v1/admin/schedules/${nightly!.id}`)).json()).toMatchObject({
    paused: true,
  });
  await post(server.url, `/v1/admin/schedules/${nightly!.id}/resume`, {});
  await dueAt(nightly!.id, Date.now() - 1_000);
  await look();
  expect(await jobsOf("system")).toMatchObject([{ pipeline: "report" }]);
});
