import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { defineCatalog } from "../../src/pipeline/catalog.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { createJob, ended, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const prices = defineCatalog({
  name: "prices",
  title: "Prices",
  schema: z.object({ cents: z.int().min(0) }),
  load: async (key) => (key === "loaded" ? { cents: 7 } : undefined),
});

const options = z.object({ of: z.string() });
const price = definePipeline({ name: "price", version: 1, title: "Price", options, catalogs: [prices] }).each(
  "look",
  async (ctx) => ({ cents: (await ctx.lookup(prices, ctx.options.of))?.cents ?? null }),
);

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [price] });
});
afterAll(() => server.close());

const put = (path: string, value: unknown) =>
  fetch(server.url + path, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
const get = async (path: string) => (await fetch(server.url + path)).json();

async function resultOf(of: string) {
  const job = await createJob(server.url, { pipeline: "price", options: { of } });
  await ended(server.url, job.id);
  const { items } = (await get(`/v1/jobs/${job.id}`)) as { items: { result: unknown }[] };
  return items[0]!.result;
}

test("steps look up what an admin wrote, and what the loader finds", async () => {
  const written = await put("/v1/catalogs/prices/apple", { cents: 120 });
  expect(written.headers.get("millrace-version")).toMatch(/^catalog\.prices=\d+$/);
  expect(await written.json()).toEqual({ key: "apple", value: { cents: 120 } });
  expect(await resultOf("apple")).toEqual({ cents: 120 });
  expect(await resultOf("loaded")).toEqual({ cents: 7 });
  expect(await resultOf("none")).toEqual({ cents: null });
});

test("catalogs and their entries are read", async () => {
  expect(await get("/v1/catalogs")).toMatchObject({
    items: [{ name: "prices", title: "Prices", schema: { type: "object" } }],
  });
  await put("/v1/catalogs/prices/pear", { cents: 1 });
  expect(await get("/v1/catalogs/prices?limit=1")).toMatchObject({ nextCursor: "apple", stale: false });
  expect(await get("/v1/catalogs/prices?cursor=loaded")).toMatchObject({
    items: [{ key: "pear", value: { cents: 1 } }],
    nextCursor: null,
  });
  expect(await get("/v1/catalogs/prices/pear")).toEqual({ key: "pear", value: { cents: 1 } });
  expect((await fetch(`${server.url}/v1/catalogs/prices/pear`, { method: "DELETE" })).status).toBe(204);
});

test("what does not fit is refused", async () => {
  const code = async (answer: Promise<Response>) => (await problemOf(await answer)).code;
  expect(await code(put("/v1/catalogs/prices/a", { cents: -1 }))).toBe("invalid_options");
  expect(await code(put("/v1/catalogs/other/a", {}))).toBe("not_found");
  expect(await code(fetch(`${server.url}/v1/catalogs/prices/pear`))).toBe("not_found");
  expect(await code(fetch(`${server.url}/v1/catalogs/prices/pear`, { method: "DELETE" }))).toBe("not_found");
});
