import { afterAll, beforeAll, expect, test } from "vitest";
import { copy, count, createJob, ended, form, post, problemOf, repaired } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count] });
});
afterAll(() => server.close());

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(server.url + path)).json()) as T;
}

interface DeadLetters {
  items: { taskId: string; jobId: string; index: number; error: { code: string }; queue: string }[];
  nextCursor: string | null;
}

async function failing(mark: string, files: number): Promise<string> {
  const names = Array.from({ length: files }, (_, n) => [`${n}-${mark}.txt`, `${mark} ${n}`] as const);
  const job = await createJob(server.url, form("copy", names, { options: JSON.stringify({ fail: mark }) }));
  await ended(server.url, job.id);
  return job.id;
}

test("alive, and ready part by part", async () => {
  expect(await get("/healthz")).toEqual({ status: "ok" });
  expect(await get("/readyz")).toMatchObject({
    ready: true,
    checks: { store: { ok: true }, broker: { ok: true }, blobs: { ok: true }, bus: { ok: true } },
  });
});

test("a queue that is paused hands nothing out until it is resumed", async () => {
  const paused = await fetch(`${server.url}/v1/admin/queues/count%2Fcount/pause`, { method: "POST" });
  expect(await paused.json()).toMatchObject({ name: "count/count", paused: true });
  const job = await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  const waiting = await get<{ state: string }>(`/v1/jobs/${job.id}?wait=0.5`);
  expect(waiting.state).toBe("queued");
  const scale = await get<{ value: number; queues: object[] }>("/v1/admin/scale?queue=count/count");
  expect(scale).toMatchObject({ value: 0, queues: [{ ready: 1, paused: true }] });
  await fetch(`${server.url}/v1/admin/queues/count/count/resume`, { method: "POST" });
  expect((await ended(server.url, job.id)).state).toBe("succeeded");
  const none = await fetch(`${server.url}/v1/admin/queues/nope/pause`, { method: "POST" });
  expect(await problemOf(none)).toMatchObject({ status: 404, code: "not_found" });
});

test("queues, workers and what an autoscaler reads", async () => {
  const { items } = await get<{ items: { name: string; workers: number }[] }>("/v1/admin/queues");
  expect(items.map((queue) => queue.name)).toEqual(expect.arrayContaining(["copy/copy", "count/count"]));
  expect(items.every((queue) => queue.workers === 1)).toBe(true);
  const workers = await get<{ items: object[] }>("/v1/admin/workers");
  expect(workers.items).toMatchObject([{ pid: process.pid, queues: expect.arrayContaining(["copy/copy"]) }]);
  expect(await get("/v1/admin/scale")).toMatchObject({ value: 0, workers: 0 });
});

test("dead letters are listed with their cause, filtered, and replayed one by one", async () => {
  const id = await failing("wrecked", 3);
  const first = await get<DeadLetters>(`/v1/admin/dead-letters?jobId=${id}&limit=2`);
  const second = await get<DeadLetters>(
    `/v1/admin/dead-letters?jobId=${id}&limit=2&cursor=${first.nextCursor}`,
  );
  const all = [...first.items, ...second.items];
  expect(all.map((letter) => letter.index).sort()).toEqual([0, 1, 2]);
  expect(second.nextCursor).toBeNull();
  expect(all[0]).toMatchObject({ queue: "copy/copy", error: { code: "undecodable_file" } });
  expect((await get<DeadLetters>("/v1/admin/dead-letters?code=step_timeout")).items).toEqual([]);
  expect(
    (await get<DeadLetters>("/v1/admin/dead-letters?pipeline=copy")).items.length,
  ).toBeGreaterThanOrEqual(3);

  repaired.add("wrecked");
  const replayed = await fetch(`${server.url}/v1/admin/dead-letters/${all[0]!.taskId}/replay`, {
    method: "POST",
  });
  expect(replayed.status).toBe(202);
  await expect
    .poll(async () => (await get<DeadLetters>(`/v1/admin/dead-letters?jobId=${id}`)).items.length)
    .toBe(2);
  expect(await ended(server.url, id)).toMatchObject({ state: "partial", progress: { done: 1, failed: 2 } });
  const unknown = await fetch(`${server.url}/v1/admin/dead-letters/nope/replay`, { method: "POST" });
  expect((await problemOf(unknown)).code).toBe("not_found");
});

test("many are replayed at a steady rate", async () => {
  const id = await failing("mended", 5);
  repaired.add("mended");
  const begin = performance.now();
  const response = await post(server.url, "/v1/admin/dead-letters/replay", { jobId: id, perSecond: 20 });
  expect(await response.json()).toEqual({ matched: 5, replayed: 5, skipped: 0, stoppedBy: null });
  expect(performance.now() - begin).toBeGreaterThan(190);
  expect(await ended(server.url, id)).toMatchObject({ state: "succeeded", progress: { done: 5 } });
});

test("replaying many stops when the same error comes back", async () => {
  for (let n = 0; n < 6; n++) await failing(`hopeless${n}`, 5);
  const response = await post(server.url, "/v1/admin/dead-letters/replay", {
    code: "undecodable_file",
    limit: 30,
    perSecond: 50,
  });
  const result = (await response.json()) as { replayed: number; stoppedBy: string };
  expect(result.stoppedBy).toBe("undecodable_file");
  expect(result.replayed).toBeLessThan(30);
});

test("metrics tell of requests, queues, attempts, streams and the process", async () => {
  const text = async () => (await fetch(`${server.url}/metrics`)).text();
  const abort = new AbortController();
  await fetch(`${server.url}/v1/events`, { signal: abort.signal });
  await failing("counted", 1);
  await expect.poll(text).toMatch(/millrace_attempts_total\{queue="copy\/copy",outcome="failed"\} \d/);
  const done = { worker: "w", steps: [], dropped: [], lostLines: 3 };
  await server.engine.bus.publish("metrics", JSON.stringify(done));
  await expect.poll(text).toMatch(/^millrace_log_lines_lost_total 3$/m);
  const all = await text();
  expect(all).toMatch(
    /millrace_http_request_duration_seconds_count\{method="POST",route="\/v1\/jobs",status="202"\} \d+/,
  );
  expect(all).toMatch(/millrace_queue_tasks\{queue="count\/count",state="ready"\} \d+/);
  expect(all).toMatch(
    /millrace_step_duration_seconds_bucket\{le="0.5",queue="copy\/copy",outcome="failed"\} [1-9]/,
  );
  expect(all).toMatch(/millrace_tasks\{state="dead"\} \d+/);
  expect(all).toMatch(/millrace_workers 1/);
  expect(all).toMatch(/millrace_sse_clients 1/);
  expect(all).toMatch(/millrace_upload_bytes_total [1-9]/);
  for (const name of [
    "nodejs_eventloop_lag_p99_seconds",
    "process_resident_memory_bytes",
    "nodejs_gc_duration_seconds",
  ]) {
    expect(all).toContain(name);
  }
  abort.abort();
  await expect.poll(text).toMatch(/millrace_sse_clients 0/);
});
