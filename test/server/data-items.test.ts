import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { copy, createJob, ended, form, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const greet = definePipeline({
  name: "greet",
  version: 1,
  title: "Greet",
  accepts: { data: z.object({ name: z.string().min(1), times: z.int().max(3).default(1) }), maxItems: 2_000 },
})
  .each("say", ({ data }) => ({
    said: `Hello ${data.name.slice(0, 20)}!`.repeat(data.times),
    size: JSON.stringify(data).length,
  }))
  .each("check", ({ data, previous }) => ({ ...previous, name: data.name.slice(0, 10) }))
  .all("count", async (ctx) => {
    const names = await Array.fromAsync(ctx.items, (item) => item.data.name.length + item.result.name.length);
    return {
      items: ctx.items.length,
      failed: ctx.failures.length,
      letters: names.reduce((a, b) => a + b, 0),
    };
  });

const either = definePipeline({
  name: "either",
  version: 1,
  title: "Either",
  accepts: { mediaTypes: ["text/plain"], data: z.string() },
}).each("read", async (ctx) => ctx.data ?? (await ctx.read(ctx.file)).toString());

const numbers = definePipeline({
  name: "numbers",
  version: 1,
  title: "Numbers",
  accepts: { data: z.array(z.number()).or(z.string()) },
  queueLimit: 20_000,
}).each("read", () => null, { cache: "never", attempts: 1 });

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [greet, either, copy, numbers] });
});
afterAll(() => server.close());

interface Item {
  index: number;
  name: string;
  input: unknown;
  data: unknown;
  dataFile: { artifactId: string; bytes: number } | null;
  result: unknown;
}

test("items of data become the items of a job, parsed by the pipeline's schema", async () => {
  const items = [{ name: "first", data: { name: "Ada" } }, { data: { name: "Bo", times: 2 } }];
  const done = await ended(server.url, (await createJob(server.url, { pipeline: "greet", items })).id);
  expect(done).toMatchObject({ state: "succeeded", result: { items: 2, failed: 0, letters: 10 } });
  expect(done.items as unknown as Item[]).toMatchObject([
    {
      name: "first",
      input: null,
      data: { name: "Ada", times: 1 },
      dataFile: null,
      result: { said: "Hello Ada!" },
    },
    { name: "", data: { name: "Bo", times: 2 }, result: { said: "Hello Bo!Hello Bo!" } },
  ]);
  const list = await (await fetch(`${server.url}/v1/jobs/${done.id}/items`)).json();
  expect(list).toMatchObject({ items: [{ data: { name: "Ada", times: 1 } }, { data: { name: "Bo" } }] });
});

test("a form sends items as a field, as large as a file of settings cannot be", async () => {
  const items = Array.from({ length: 2_000 }, (_, n) => ({ data: { name: `${n} ${"x".repeat(500)}` } }));
  const body = form("greet", [], { items: JSON.stringify(items) });
  const done = await ended(server.url, (await createJob(server.url, body)).id);
  expect(done).toMatchObject({ state: "succeeded", progress: { total: 2_000, done: 2_000 } });
});

test("data of more than 64 KB is kept as a file, and read as any other", async () => {
  const name = "n".repeat(70_000);
  const done = await ended(
    server.url,
    (await createJob(server.url, { pipeline: "greet", items: [{ data: { name } }] })).id,
  );
  const [item] = done.items as unknown as Item[];
  expect(item).toMatchObject({ data: null, result: { name: "n".repeat(10) } });
  const file = await (await fetch(`${server.url}/v1/artifacts/${item!.dataFile!.artifactId}`)).json();
  expect(file).toEqual({ name, times: 1 });
});

test("the faults of items are told with their paths, the first 20 of them", async () => {
  const items = Array.from({ length: 100 }, (_, n) => ({
    data: n % 2 ? { name: "fine" } : { name: "", times: 4 },
  }));
  const problem = await problemOf(await post(server.url, "/v1/jobs", { pipeline: "greet", items }));
  expect(problem).toMatchObject({ status: 422, code: "invalid_items" });
  const issues = problem.issues as { path: string }[];
  expect(issues).toHaveLength(20);
  expect(issues.slice(0, 3).map(({ path }) => path)).toEqual([
    "items.0.data.name",
    "items.0.data.times",
    "items.2.data.name",
  ]);
});

test("files and items cannot be mixed, and a pipeline gets what it takes", async () => {
  const item = JSON.stringify([{ data: "x" }]);
  const refusedWith = async (...args: Parameters<typeof form>) => {
    const { status, code } = await problemOf(await post(server.url, "/v1/jobs", form(...args)));
    return [status, code];
  };
  expect(await refusedWith("either", [["a.txt", "a"]], { items: item })).toEqual([422, "invalid_items"]);
  expect(await refusedWith("copy", [], { items: item })).toEqual([422, "invalid_items"]);
  expect(await refusedWith("greet", [])).toEqual([422, "invalid_items"]);
  expect(await refusedWith("either", [])).toEqual([400, "invalid_request"]);
  const done = await Promise.all([
    createJob(server.url, form("either", [["a.txt", "a"]])),
    createJob(server.url, form("either", [], { items: item })),
  ]);
  const results = await Promise.all(done.map(async ({ id }) => (await ended(server.url, id)).items));
  expect((results as unknown as Item[][]).map(([one]) => one!.result)).toEqual(["a", "x"]);
});

test("too many items are refused with the limit, before their data is looked at", async () => {
  const items = Array.from({ length: 2_001 }, () => ({ data: 7 }));
  const problem = await problemOf(await post(server.url, "/v1/jobs", { pipeline: "greet", items }));
  expect(problem).toMatchObject({ status: 413, code: "too_many_items", limit: 2_000 });
});

test("the archive's manifest has the data", async () => {
  const { id } = await createJob(server.url, { pipeline: "either", items: [{ name: "a", data: "text" }] });
  await ended(server.url, id);
  const archive = Buffer.from(await (await fetch(`${server.url}/v1/jobs/${id}/archive`)).arrayBuffer());
  expect(archive.toString("latin1")).toMatch(/"data": "text"/);
});

test("another item under the same idempotency key is another request", async () => {
  const ask = (data: string) =>
    post(server.url, "/v1/jobs", { pipeline: "either", items: [{ data }] }, { "idempotency-key": "items" });
  const [first, again, other] = [await ask("a"), await ask("a"), await ask("b")];
  expect([first.status, again.status, other.status]).toEqual([202, 202, 422]);
});

test("the pipeline's description has the schema of its data", async () => {
  const described = await (await fetch(`${server.url}/v1/pipelines/greet`)).json();
  expect(described).toMatchObject({
    accepts: { mediaTypes: [], maxFiles: 0, maxItems: 2_000, data: { type: "object", required: ["name"] } },
  });
});

test("a part that nothing reads is refused, and the intended one is named", async () => {
  const body = new FormData();
  body.set("pipeline", "copy");
  body.append("file", new Blob(["a"]), "a.txt");
  const problem = await problemOf(await post(server.url, "/v1/jobs", body));
  expect(problem).toMatchObject({ status: 422, code: "unknown_part", intended: "files" });
  expect(problem.detail).toContain('Did you mean "files"?');
  const text = await problemOf(await post(server.url, "/v1/jobs", form("copy", [], { option: "{}" })));
  expect(text).toMatchObject({ status: 422, code: "unknown_part", intended: "options" });
});

test("as much data as a request may have is taken, and more that hides in short numbers is refused with the limit", async () => {
  const send = (item: string) =>
    fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"pipeline":"numbers","startAt":"${later}","items":[${Array.from({ length: 10_000 }, () => item).join(",")}]}`,
    });
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const whole = await send(JSON.stringify({ data: "x".repeat(1_655) }));
  expect(whole.status).toBe(202);
  const { id } = (await whole.json()) as { id: string };
  await fetch(`${server.url}/v1/jobs/${id}`, { method: "DELETE" });
  const grown = await problemOf(
    await send(`{"data":[${Array.from({ length: 140 }, () => "1e20").join(",")}]}`),
  );
  expect(grown).toMatchObject({ code: "request_too_large", status: 413, limit: 18_000_000 });
});
