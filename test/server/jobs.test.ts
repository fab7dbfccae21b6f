import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copy, count, createJob, ended, form, type JobJson, post, problemOf, repaired } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count] });
});
afterAll(() => server.close());

test("a form becomes a job, whatever the order of its parts", async () => {
  const data = new FormData();
  data.append("files", new Blob(["one"]), "one.txt");
  data.set("metadata", '{"album":"summer"}');
  data.append("files", new Blob(["two"]), "two.txt");
  data.set("priority", "7");
  data.set("pipeline", "copy");
  data.set("options", '{"ms":1}');
  const response = await post(server.url, "/v1/jobs", data);
  const job = (await response.json()) as JobJson;
  expect(response.status).toBe(202);
  expect(response.headers.get("location")).toBe(`/v1/jobs/${job.id}`);
  expect(job).toMatchObject({
    state: "queued",
    priority: 7,
    metadata: { album: "summer" },
    options: { ms: 1 },
  });
  expect(job.items.map((item) => item.name)).toEqual(["one.txt", "two.txt"]);
  expect(await ended(server.url, job.id)).toMatchObject({
    state: "succeeded",
    progress: { total: 2, done: 2 },
  });
});

test("a JSON body names files of an earlier job", async () => {
  const first = await createJob(server.url, form("copy", [["a.txt", "hello"]]));
  const [item] = (await ended(server.url, first.id)).items;
  const files = [{ artifactId: item!.outputs[0]!.artifactId }];
  const second = await createJob(server.url, { pipeline: "copy", files });
  const done = await ended(server.url, second.id);
  expect(done.items[0]).toMatchObject({ name: "a.txt", state: "succeeded", input: { bytes: 5 } });
});

test("a JSON body names a finished upload", async () => {
  const tus = { "tus-resumable": "1.0.0" };
  const created = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: { ...tus, "upload-length": "5", "upload-metadata": `filename ${btoa("up.txt")}` },
  });
  const address = new URL(created.headers.get("location")!, server.url);
  const files = [{ uploadId: address.pathname.split("/").at(-1)! }];
  const early = await post(server.url, "/v1/jobs", { pipeline: "copy", files });
  expect(await problemOf(early)).toMatchObject({ status: 409, code: "upload_incomplete" });
  await fetch(address, {
    method: "PATCH",
    headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: "hello",
  });
  const job = await createJob(server.url, { pipeline: "copy", files });
  expect(await ended(server.url, job.id)).toMatchObject({ state: "succeeded", items: [{ name: "up.txt" }] });
});

test("a job without files runs once", async () => {
  const job = await createJob(server.url, { pipeline: "count", options: { to: 3 } });
  expect(await ended(server.url, job.id)).toMatchObject({
    state: "succeeded",
    items: [{ index: 0, result: 3 }],
  });
});

test("a part named after an option is that option's file", async () => {
  const data = form("copy", [["a.txt", "hello "]], {});
  data.append("stamp.image", new Blob(["world"]), "stamp.txt");
  const done = await ended(server.url, (await createJob(server.url, data)).id);
  const file = await fetch(`${server.url}/v1/artifacts/${done.items[0]!.outputs[0]!.artifactId}`);
  expect(await file.text()).toBe("hello world");
});

test("an idempotency key repeats the first answer, and refuses another request", async () => {
  const headers = { "idempotency-key": "k-1" };
  const body = { pipeline: "count", options: { to: 1 } };
  const [a, b] = await Promise.all([
    post(server.url, "/v1/jobs", body, headers),
    post(server.url, "/v1/jobs", body, headers),
  ]);
  const again = await post(server.url, "/v1/jobs", body, headers);
  const ids = await Promise.all([a, b, again].map(async (one) => ((await one.json()) as JobJson).id));
  expect(new Set(ids).size).toBe(1);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  const other = await post(server.url, "/v1/jobs", { pipeline: "count", options: { to: 2 } }, headers);
  expect(await problemOf(other)).toMatchObject({ status: 422, code: "idempotency_mismatch" });
});

test("a quote says what a job would cost, and creates nothing", async () => {
  const before = await fetch(`${server.url}/v1/jobs?pipeline=copy&limit=1`).then((response) =>
    response.json(),
  );
  const response = await post(server.url, "/v1/jobs/quote", form("copy", [["q.txt", "quote"]]));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ position: 0, cached: false, items: 1, costUnits: 1 });
  expect(await fetch(`${server.url}/v1/jobs?pipeline=copy&limit=1`).then((again) => again.json())).toEqual(
    before,
  );
});

test("jobs are listed newest first, in pages, by pipeline and state", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const job = await createJob(server.url, { pipeline: "count", options: { to: 5 } });
    ids.unshift((await ended(server.url, job.id)).id);
  }
  const seen: string[] = [];
  let cursor = "";
  do {
    const path: string = `/v1/jobs?pipeline=count&state=succeeded,partial&limit=2${cursor && `&cursor=${cursor}`}`;
    const page = (await (await fetch(server.url + path)).json()) as {
      items: JobJson[];
      nextCursor: string | null;
    };
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items.map((job) => job.id));
    cursor = page.nextCursor ?? "";
  } while (cursor !== "");
  expect(seen.slice(0, 5)).toEqual(ids);
  expect(new Set(seen).size).toBe(seen.length);
  const failed = await (await fetch(`${server.url}/v1/jobs?pipeline=count&state=failed`)).json();
  expect(failed).toEqual({ items: [], nextCursor: null });
});

test("jobs are found by the name of any of their files, and are named after the first", async () => {
  const files: [string, string][] = [
    ["harbor-01.txt", "1"],
    ["harbor-02.txt", "2"],
  ];
  const { id } = await createJob(server.url, form("copy", files));
  const found = async (query: string) => {
    const response = await fetch(`${server.url}/v1/jobs?${query}`);
    return ((await response.json()) as { items: { id: string; firstItem: string | null }[] }).items;
  };
  for (const query of ["q=HARBOR-02", `q=${id}`, "q=harbor&pipeline=copy"]) {
    expect(await found(query), query).toMatchObject([{ id, firstItem: "harbor-01.txt" }]);
  }
  expect(await found("q=harbor&pipeline=count")).toEqual([]);
  expect(await found("q=no-such-name")).toEqual([]);
  expect((await found("q=%20"))[0]).toMatchObject({ id });
});

test("waiting answers at the end, or when the time is over", async () => {
  const job = await createJob(server.url, form("copy", [["w.txt", "wait"]], { options: '{"ms":700}' }));
  const early = performance.now();
  const running = (await (await fetch(`${server.url}/v1/jobs/${job.id}?wait=0.2`)).json()) as JobJson;
  expect(running.state).not.toBe("succeeded");
  expect(performance.now() - early).toBeGreaterThan(150);
  const start = performance.now();
  expect((await ended(server.url, job.id)).state).toBe("succeeded");
  expect(performance.now() - start).toBeLessThan(5_000);
});

test("a request that waits for a job is answered when the server closes", async () => {
  const closing = await start({ pipelines: [copy, count] });
  const job = await createJob(closing.url, form("copy", [["a.txt", "a"]], { options: '{"ms":3000}' }));
  const began = performance.now();
  const waiting = fetch(`${closing.url}/v1/jobs/${job.id}?wait=30`);
  await pause(200);
  const closed = closing.close();
  const response = await waiting;
  expect(response.status).toBe(200);
  expect(((await response.json()) as JobJson).state).not.toBe("succeeded");
  await closed;
  expect(performance.now() - began).toBeLessThan(8_000);
});

test("items come in pages and by state", async () => {
  const files = ["a-bad", "b", "c-bad", "d", "e"].map((name) => [`${name}.txt`, name] as const);
  const job = await createJob(server.url, form("copy", files, { options: '{"fail":"bad"}' }));
  const done = await ended(server.url, job.id);
  expect(done).toMatchObject({ state: "partial", progress: { done: 3, failed: 2 } });
  const items = async (query: string) =>
    (await (await fetch(`${server.url}/v1/jobs/${job.id}/items${query}`)).json()) as {
      items: JobJson["items"];
      nextCursor: string | null;
    };
  const first = await items("?limit=2");
  expect(first.items.map((item) => item.index)).toEqual([0, 1]);
  const second = await items(`?limit=3&cursor=${first.nextCursor}`);
  expect(second.items.map((item) => item.index)).toEqual([2, 3, 4]);
  expect(second.nextCursor).toBeNull();
  const failed = await items("?state=failed");
  expect(failed.items.map((item) => [item.index, (item.error as { code: string }).code])).toEqual([
    [0, "undecodable_file"],
    [2, "undecodable_file"],
  ]);
  expect((await items("?state=queued")).items).toEqual([]);
});

test("failed items are run again", async () => {
  const job = await createJob(
    server.url,
    form("copy", [["x-mend.txt", "x"]], { options: '{"fail":"mend"}' }),
  );
  expect((await ended(server.url, job.id)).state).toBe("failed");
  repaired.add("mend");
  const retried = await post(server.url, `/v1/jobs/${job.id}/retry`, {});
  expect(retried.status).toBe(202);
  expect(await ended(server.url, job.id)).toMatchObject({ state: "succeeded", run: 2 });
  const again = await post(server.url, `/v1/jobs/${job.id}/retry`, {});
  expect(await problemOf(again)).toMatchObject({ status: 409, code: "job_not_retryable" });
});

test("a job is cancelled once, and then has ended", async () => {
  const job = await createJob(server.url, form("copy", [["slow.txt", "slow"]], { options: '{"ms":60000}' }));
  const cancelled = await fetch(`${server.url}/v1/jobs/${job.id}/cancel`, { method: "POST" });
  expect(cancelled.status).toBe(200);
  expect(await cancelled.json()).toMatchObject({ state: "cancelled", items: [{ state: "cancelled" }] });
  const again = await fetch(`${server.url}/v1/jobs/${job.id}/cancel`, { method: "POST" });
  expect(await problemOf(again)).toMatchObject({ status: 409, code: "job_ended" });
});

test("a job that is removed is not found any more", async () => {
  const job = await createJob(server.url, form("copy", [["gone.txt", "gone"]]));
  const done = await ended(server.url, job.id);
  const removed = await fetch(`${server.url}/v1/jobs/${job.id}`, { method: "DELETE" });
  expect([removed.status, await removed.text()]).toEqual([204, ""]);
  const { artifactId } = done.items[0]!.outputs[0]!;
  for (const path of [
    `jobs/${job.id}`,
    `jobs/${job.id}/items`,
    `jobs/${job.id}/archive`,
    `artifacts/${artifactId}`,
  ]) {
    expect(await problemOf(await fetch(`${server.url}/v1/${path}`))).toMatchObject({
      status: 404,
      code: "not_found",
    });
  }
});

test("a full queue refuses a form before its files are read", async () => {
  const pause = await fetch(`${server.url}/v1/admin/queues/count/count/pause`, { method: "POST" });
  expect(pause.status).toBe(200);
  const body = { pipeline: "count", options: { to: 9 } };
  const key = { "idempotency-key": "in-a-full-queue" };
  const first = await post(server.url, "/v1/jobs", body, key);
  for (let n = 0; n < 2; n++) expect((await post(server.url, "/v1/jobs", body)).status).toBe(202);
  const refused = await post(server.url, "/v1/jobs", body);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: "queue_full", retryable: true });
  const early = await post(server.url, "/v1/jobs", form("count", [["big.bin", Buffer.alloc(5_000_000)]]));
  expect((await problemOf(early)).code).toBe("queue_full");
  // Repeating a known key is not new work.
  const repeat = await post(server.url, "/v1/jobs", body, key);
  expect([repeat.status, ((await repeat.json()) as JobJson).id]).toEqual([
    202,
    ((await first.json()) as JobJson).id,
  ]);
  await fetch(`${server.url}/v1/admin/queues/count%2Fcount/resume`, { method: "POST" });
});
