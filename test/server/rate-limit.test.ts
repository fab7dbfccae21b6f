import { afterEach, expect, test } from "vitest";
import { count, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { formHead, rawRequest } from "./raw-http.ts";

let server: Running;
afterEach(() => server.close());

const jobs = () => fetch(`${server.url}/v1/jobs`);

test("an owner's requests beyond the limit are refused, and told when to come back", async () => {
  server = await start({ pipelines: [count], rateLimit: 20, worker: false });
  const answers = await Promise.all(Array.from({ length: 30 }, jobs));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(20).fill(200), ...Array(10).fill(429)]);
  const refused = answers.find(({ status }) => status === 429)!;
  const retryAfter = Number(refused.headers.get("retry-after"));
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(3);
  expect(await problemOf(refused)).toMatchObject({ code: "rate_limited", retryable: true, limit: 20 });

  const refusedToo = [
    await fetch(`${server.url}/v1/jobs`, { method: "HEAD" }),
    await fetch(`${server.url}/v1/events`),
    await post(server.url, "/v1/jobs", { pipeline: "count", options: { to: 1 } }),
  ];
  expect(refusedToo.map(({ status }) => status)).toEqual([429, 429, 429]);
  const free = ["/healthz", "/readyz", "/metrics", "/v1/admin/queues", "/openapi.json", "/"];
  for (const path of free) expect([path, (await fetch(server.url + path)).status]).toEqual([path, 200]);
});

test("an upload is refused before it is read", async () => {
  server = await start({ pipelines: [count], rateLimit: 1, worker: false });
  expect((await jobs()).status).toBe(200);
  const head = formHead(server.port, "boundary", 2_000_000, ["Connection: close"]);
  const refused = await rawRequest(server.port, [head], { ms: 300 });
  expect(refused.status).toBe(429);
  expect(JSON.parse(refused.body)).toMatchObject({ code: "rate_limited" });
});

test("when requests cannot be counted they are let through, and the log says so once", async () => {
  server = await start({ pipelines: [count], rateLimit: 1, worker: false });
  await server.limiter!.close();
  for (let n = 0; n < 3; n++) expect((await jobs()).status).toBe(200);
  expect(server.log.filter((line) => line.includes("cannot be counted"))).toHaveLength(1);
});
