import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { copy, count, createJob, ended, form, post, problemOf, repaired } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";

/** Runs until it is aborted. */
const long = definePipeline({ name: "long", version: 1, title: "Long" }).each("wait", async ({ signal }) => {
  await sleep(60_000, undefined, { signal });
  return null;
});

let server: Running;
let failed: string;
let metadataJob: string;

beforeAll(async () => {
  server = await start({ pipelines: [copy, count, long] });
  const files = [
    ["good.txt", "good"],
    ["lost.txt", "the text of a lost file"],
  ] as const;
  const options = JSON.stringify({ fail: "lost" });
  const one = await createJob(server.url, form("copy", files, { options }));
  failed = one.id;
  await ended(server.url, failed);
  const other = await createJob(server.url, {
    pipeline: "count",
    options: { to: 1 },
    metadata: { order: "A-17" },
  });
  metadataJob = other.id;
  await ended(server.url, metadataJob);
});
afterAll(() => server.close());

async function get<T>(path: string): Promise<T> {
  const response = await fetch(server.url + path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

interface Jobs {
  items: { id: string; owner: string; name: string; error: object | null }[];
  nextCursor: string | null;
  cut: boolean;
}

test("jobs of all owners are searched by what is known of them", async () => {
  const ids = async (search: string) =>
    (await get<Jobs>(`/v1/admin/jobs?${search}`)).items.map(({ id }) => id);
  expect(await ids("")).toEqual([metadataJob, failed]);
  expect(await ids("q=lost.txt")).toEqual([failed]);
  expect(await ids("q=a-17")).toEqual([metadataJob]);
  expect(await ids(`q=${failed}.1`)).toEqual([failed]);
  expect(await ids("metadata=order%3DA-17")).toEqual([metadataJob]);
  expect(await ids("code=undecodable_file")).toEqual([failed]);
  expect(await ids("state=partial,failed&pipeline=copy&owner=local")).toEqual([failed]);
  expect(await ids("file=nowhere")).toEqual([]);
  expect(await ids(`from=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
  const first = await get<Jobs>("/v1/admin/jobs?limit=1");
  expect(first).toMatchObject({ items: [{ id: metadataJob, owner: "local" }], cut: false });
  const second = await get<Jobs>(`/v1/admin/jobs?limit=1&cursor=${first.nextCursor}`);
  expect(second.items).toMatchObject([{ id: failed, name: "good.txt" }]);
  const job = await get(`/v1/admin/jobs/${failed}`);
  expect(job).toMatchObject({ owner: "local", state: "partial", items: [{}, {}], failure: null });
  const wrong = await fetch(`${server.url}/v1/admin/jobs?state=nope`);
  expect((await problemOf(wrong)).code).toBe("invalid_request");
});

test("dead letters are grouped by their error, with a preview of what was read", async () => {
  const groups = await get<{ items: object[]; total: number }>("/v1/admin/dead-letters/groups");
  expect(groups).toMatchObject({
    total: 1,
    items: [{ queue: "copy/copy", pipeline: "copy", step: "copy", code: "undecodable_file", count: 1 }],
  });
  for (const [search, total] of [
    ["code=undecodable_file", 1],
    ["code=undecodable", 0],
    ["text=DECODABLE", 1],
    ["text=nowhere", 0],
    ["queue=copy/copy&text=undecodable", 1],
  ] as const) {
    expect([search, (await get<{ total: number }>(`/v1/admin/dead-letters/groups?${search}`)).total]).toEqual(
      [search, total],
    );
  }
  expect((await get<Jobs>("/v1/admin/dead-letters?text=nowhere")).items).toEqual([]);
  const letter = await get<{ input: { text: string } }>(`/v1/admin/dead-letters/${failed}.1`);
  expect(letter).toMatchObject({
    name: "lost.txt",
    options: { fail: "lost" },
    input: { files: [{ name: "lost.txt", mediaType: "text/plain" }], text: "the text of a lost file" },
  });
  const bytes = await fetch(`${server.url}/v1/admin/dead-letters/${failed}.1/input`);
  expect(await bytes.text()).toBe("the text of a lost file");
  expect(bytes.headers.get("content-security-policy")).toContain("sandbox");
  for (const path of [`${failed}.0`, "nope", `${failed}.all`]) {
    expect((await fetch(`${server.url}/v1/admin/dead-letters/${path}`)).status).toBe(404);
  }
});

test("workers say what they are and what they run", async () => {
  const job = await createJob(server.url, { pipeline: "long" });
  const workers = () => get<{ items: { tasks: { jobId: string }[] }[] }>("/v1/admin/workers");
  await expect
    .poll(async () => (await workers()).items[0]!.tasks.map(({ jobId }) => jobId), { timeout: 60_000 })
    .toEqual([job.id]);
  expect((await workers()).items).toMatchObject([
    {
      state: "running",
      pipelines: expect.arrayContaining(["copy", "count", "long"]),
      memoryBytes: expect.any(Number),
      running: 1,
    },
  ]);
  await fetch(`${server.url}/v1/admin/jobs/${job.id}/cancel`, { method: "POST" });
  expect((await ended(server.url, job.id)).state).toBe("cancelled");
});

interface Operation {
  id: string;
  state: string;
  matched: number;
  done: number;
  reason: string | null;
}

async function failing(mark: string, files: number): Promise<string> {
  const names = Array.from({ length: files }, (_, n) => [`${n}-${mark}.txt`, `${mark} ${n}`] as const);
  const job = await createJob(server.url, form("copy", names, { options: JSON.stringify({ fail: mark }) }));
  await ended(server.url, job.id);
  return job.id;
}

async function operate(body: object): Promise<Operation> {
  const response = await post(server.url, "/v1/admin/operations", body);
  expect(response.status).toBe(202);
  const made = (await response.json()) as Operation;
  expect(made.state).toBe("counting");
  return made;
}

async function over(id: string): Promise<Operation> {
  const at = () => get<Operation>(`/v1/admin/operations/${id}`);
  await expect
    .poll(async () => (await at()).state, { timeout: 60_000 })
    .toMatch(/^(counted|done|stopped|failed)$/);
  return at();
}

test("a dry run counts, and is started", async () => {
  const id = await failing("dry", 3);
  const filter = { jobId: id, code: "undecodable_file" };
  const made = await operate({ target: "dead-letters", action: "replay", filter, dryRun: true });
  expect(await over(made.id)).toMatchObject({ state: "counted", matched: 3, done: 0, fraction: 0 });
  repaired.add("dry");
  const started = await post(server.url, `/v1/admin/operations/${made.id}/start`, {});
  expect(started.status).toBe(202);
  expect(await over(made.id)).toMatchObject({ state: "done", matched: 3, done: 3, returned: 0, skipped: 0 });
  expect((await ended(server.url, id)).state).toBe("succeeded");
  const again = await post(server.url, `/v1/admin/operations/${made.id}/start`, {});
  expect(await problemOf(again)).toMatchObject({ status: 409, code: "operation_state" });
  const list = await get<{ items: Operation[] }>("/v1/admin/operations?limit=1");
  expect(list.items).toMatchObject([{ id: made.id }]);
});

test("a canary that fails again stops the rest", async () => {
  const id = await failing("canary", 5);
  const made = await operate({ target: "dead-letters", action: "replay", filter: { jobId: id } });
  const stopped = await over(made.id);
  expect(stopped).toMatchObject({ state: "stopped", matched: 5, done: 1, returned: 1 });
  expect(stopped.reason).toContain("failed again with the same error");
});

test("a replay stops as soon as so many have failed again", async () => {
  const id = await failing("returning", 5);
  const filter = { jobId: id };
  const asked = { target: "dead-letters", action: "replay", filter, canary: 0, stopAfter: 1, perSecond: 3 };
  const stopped = await over((await operate(asked)).id);
  expect(stopped).toMatchObject({ state: "stopped", matched: 5, done: 1, returned: 1 });
  expect(stopped.reason).toContain("1 of the replayed tasks failed again");
});

test("jobs are cancelled and deleted by a filter, and an operation is stopped", async () => {
  const jobs: string[] = [];
  for (let n = 0; n < 4; n++) {
    const made = await createJob(server.url, { pipeline: "long", metadata: { batch: "cancel-me" } });
    jobs.push(made.id);
  }
  const filter = { metadata: { key: "batch", value: "cancel-me" } };
  const cancelling = await operate({ target: "jobs", action: "cancel", filter });
  expect(await over(cancelling.id)).toMatchObject({ state: "done", matched: 4, done: 4, skipped: 0 });
  for (const id of jobs) expect((await ended(server.url, id)).state).toBe("cancelled");
  const slow = await operate({ target: "jobs", action: "delete", filter, perSecond: 0.5 });
  await expect
    .poll(async () => (await get<Operation>(`/v1/admin/operations/${slow.id}`)).done, { timeout: 60_000 })
    .toBeGreaterThan(0);
  await post(server.url, `/v1/admin/operations/${slow.id}/stop`, {});
  const stopped = await over(slow.id);
  expect(stopped).toMatchObject({ state: "stopped", reason: "An operator stopped it." });
  expect(stopped.done).toBeLessThan(4);
  const late = await post(server.url, `/v1/admin/operations/${slow.id}/stop`, {});
  expect((await problemOf(late)).code).toBe("operation_state");
  const deleting = await operate({ target: "jobs", action: "delete", filter, perSecond: 100 });
  expect((await over(deleting.id)).done).toBe(4 - stopped.done);
  for (const id of jobs) expect((await fetch(`${server.url}/v1/jobs/${id}`)).status).toBe(404);
});

test("a replay with other options makes new jobs, which say what they replay", async () => {
  const id = await failing("options", 2);
  const made = await operate({
    target: "jobs",
    action: "replay",
    filter: { text: id },
    options: { fail: null },
  });
  expect(await over(made.id)).toMatchObject({ state: "done", matched: 1, done: 1, returned: 0 });
  const { replays } = await get<{ replays: { jobId: string }[] }>(`/v1/admin/jobs/${id}`);
  expect(replays).toMatchObject([{ fromJobId: id, operationId: made.id }]);
  const replay = replays[0]!.jobId;
  expect(await ended(server.url, replay)).toMatchObject({ state: "succeeded", progress: { total: 2 } });
  expect(await get(`/v1/admin/jobs/${replay}`)).toMatchObject({ owner: "local", replays });
});

test("what cannot be done is refused in words", async () => {
  const refused = async (body: object) => {
    const response = await post(server.url, "/v1/admin/operations", body);
    expect(response.status).toBe(400);
    return (await problemOf(response)).detail;
  };
  const filter = {};
  expect(await refused({ target: "dead-letters", action: "delete", filter })).toContain("target `jobs`");
  expect(await refused({ target: "jobs", action: "cancel", filter, options: { a: 1 } })).toContain("replay");
  expect((await fetch(`${server.url}/v1/admin/operations/nope`)).status).toBe(404);
});

test("replicas tell how far each process has come", async () => {
  const { items } = await get<{ items: { maps: { name: string; behind: number }[] }[] }>(
    "/v1/admin/replicas",
  );
  expect(items).toMatchObject([{ pid: process.pid, isThis: true }]);
  const presets = items[0]!.maps.find(({ name }) => name === "presets");
  expect(presets).toMatchObject({ behind: 0, ageSeconds: expect.any(Number) });
});

test("the audit log tells who did what, with numbers", async () => {
  const id = await failing("audited", 1);
  await fetch(`${server.url}/v1/admin/dead-letters/${id}.0/input`);
  await fetch(`${server.url}/v1/admin/jobs/${id}/retry`, { method: "POST" });
  await fetch(`${server.url}/v1/admin/jobs/${id}x/cancel`, { method: "POST" });
  const { items } = await get<{ items: { action: string }[] }>("/v1/admin/audit?limit=3");
  expect(items).toMatchObject([
    { action: "cancelJobOfUser", status: 404, target: { id: `${id}x` } },
    {
      action: "retryJobOfUser",
      status: 202,
      detail: { answer: { id, items: 1 } },
      actor: "local",
      via: "local",
    },
    { action: "deadLetterInput", method: "GET", status: 200, target: { taskId: `${id}.0` } },
  ]);
  const made = await get<{ items: object[] }>("/v1/admin/audit?action=createOperation&limit=200");
  expect(made.items.length).toBeGreaterThan(3);
  expect(made.items[0]).toMatchObject({ detail: { sent: { target: "jobs" } } });
  expect(await get("/v1/admin/audit?actor=nobody")).toEqual({ items: [], nextCursor: null });
});

test("the audit log tells of presets that are for everyone, and of no others", async () => {
  const send = (method: string, path: string, body?: object) =>
    fetch(server.url + path, {
      method,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  const preset = { pipeline: "count", name: "mine", options: { to: 1 } };
  const { id } = (await (await send("POST", "/v1/presets", preset)).json()) as { id: string };
  const path = `/v1/presets/${id}`;
  for (const body of [{ name: "still mine" }, { visibility: "everyone" }, { name: "ours" }])
    expect((await send("PATCH", path, body)).status).toBe(200);
  expect((await send("DELETE", path)).status).toBe(204);
  const made = await send("POST", "/v1/presets", { ...preset, visibility: "everyone" });
  expect(made.status).toBe(201);
  const { items } = await get<{ items: { action: string }[] }>("/v1/admin/audit?limit=200");
  expect(items.filter(({ action }) => /preset/i.test(action))).toMatchObject([
    { action: "createPreset", status: 201, detail: { sent: { name: "mine", visibility: "everyone" } } },
    { action: "removePreset", status: 204, target: { id } },
    { action: "changePreset", status: 200, target: { id }, detail: { sent: { name: "ours" } } },
    { action: "changePreset", status: 200, target: { id }, detail: { sent: { visibility: "everyone" } } },
  ]);
});

test("the history and the overview tell what has happened", async () => {
  const recent = () =>
    get<{ series: { throughput: number[]; runP95Ms: number[] }; failuresByCode: object[] }>(
      "/v1/admin/history?queue=copy/copy",
    );
  await expect
    .poll(async () => (await recent()).series.throughput.reduce((sum, one) => sum + one, 0), {
      timeout: 60_000,
    })
    .toBeGreaterThan(0);
  const read = await recent();
  expect(read).toMatchObject({ stepSeconds: 60, queue: "copy/copy" });
  expect(read.failuresByCode).toMatchObject([{ code: "undecodable_file", count: expect.any(Number) }]);
  expect(read.series.runP95Ms.some((ms) => ms !== null && ms >= 1)).toBe(true);
  const only = await get<{ series: object }>(
    "/v1/admin/history?metric=waiting&from=2026-01-01T00:00:00Z&to=2026-01-08T00:00:00Z",
  );
  expect(Object.keys(only.series)).toEqual(["waiting"]);
  const overview = await get<{ recent: { failures: number } }>("/v1/admin/overview");
  expect(overview).toMatchObject({ workers: { count: 1 }, tasks: { dead: expect.any(Number) } });
  expect(overview.recent.failures).toBeGreaterThan(0);
  for (const wrong of ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from=2020-01-01T00:00:00Z"])
    expect((await fetch(`${server.url}/v1/admin/history?${wrong}`)).status).toBe(400);
});

test("what the console shows is told as it changes", async () => {
  const stream = await listen(server.url, "/v1/admin/events");
  const of = (name: string) => stream.events.filter(({ event }) => event === name);
  await expect
    .poll(() => ["overview", "queues", "workers", "operations"].map((name) => of(name).length > 0), {
      timeout: 60_000,
    })
    .toEqual([true, true, true, true]);
  const before = of("queues").length;
  await fetch(`${server.url}/v1/admin/queues/count/count/pause`, { method: "POST" });
  await expect
    .poll(() => JSON.stringify(of("queues").slice(before)), { timeout: 60_000 })
    .toContain('"paused":true');
  await fetch(`${server.url}/v1/admin/queues/count/count/resume`, { method: "POST" });
  await stream.cut();
});
