import { afterAll, beforeAll, expect, test } from "vitest";
import { count, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [count], worker: false });
});
afterAll(() => server.close());

interface Preset {
  id: string;
  name: string;
  options: object;
  visibility: string;
}

function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  return fetch(server.url + path, {
    method,
    headers: { ...headers, ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
}

const list = async (query = "") =>
  ((await (await send("GET", `/v1/presets${query}`)).json()) as { items: Preset[] }).items;

test("a preset is created, listed, changed and forgotten", async () => {
  const created = await send("POST", "/v1/presets", {
    pipeline: "count",
    name: " Three ",
    options: { to: 3 },
  });
  expect(created.status).toBe(201);
  const preset = (await created.json()) as Preset;
  expect(preset).toMatchObject({ name: "Three", options: { to: 3 }, visibility: "private", own: true });
  expect(created.headers.get("location")).toBe(`/v1/presets/${preset.id}`);
  const version = created.headers.get("millrace-version")!;
  expect(version).toMatch(/^presets=\d+$/);
  const read = await send("GET", `/v1/presets/${preset.id}`, undefined, { "millrace-version": version });
  expect(await read.json()).toEqual(preset);
  await send("POST", "/v1/presets", { pipeline: "count", name: "A hundred", options: { to: 100 } });
  expect((await list()).map(({ name }) => name)).toEqual(["A hundred", "Three"]);
  expect(await list("?pipeline=other")).toEqual([]);
  const changed = await send("PATCH", `/v1/presets/${preset.id}`, { name: "Four", visibility: "everyone" });
  expect(await changed.json()).toMatchObject({
    id: preset.id,
    name: "Four",
    options: { to: 3 },
    visibility: "everyone",
  });
  expect((await send("DELETE", `/v1/presets/${preset.id}`)).status).toBe(204);
  expect((await problemOf(await send("GET", `/v1/presets/${preset.id}`))).code).toBe("not_found");
  expect(await list()).toHaveLength(1);
});

test("what no job would take is no preset", async () => {
  const refused = async (body: object) => (await problemOf(await send("POST", "/v1/presets", body))).code;
  expect(await refused({ pipeline: "none", name: "a", options: {} })).toBe("not_found");
  expect(await refused({ pipeline: "count", name: "a", options: { to: "x" } })).toBe("invalid_options");
  expect(await refused({ pipeline: "count", name: " ", options: { to: 1 } })).toBe("invalid_request");
  expect(await refused({ pipeline: "count", name: "a", options: { to: 1 }, visibility: "some" })).toBe(
    "invalid_request",
  );
});

test("a version that is none is refused, and one that has not come is waited for", async () => {
  const get = (header: string) => send("GET", "/v1/presets", undefined, { "millrace-version": header });
  expect((await problemOf(await get("presets"))).code).toBe("invalid_request");
  expect((await get("elsewhere=5")).status).toBe(200);
  const begun = performance.now();
  // This version is from a log that was lost: the request must not hang forever.
  expect((await get("presets=900000")).status).toBe(200);
  expect(performance.now() - begun).toBeGreaterThan(900);
});

test("presets live in the memory of every process, and are counted there", async () => {
  const text = await (await send("GET", "/metrics")).text();
  expect(text).toMatch(/millrace_replica_entries\{map="presets"\} 1/);
  expect(await (await send("GET", "/readyz")).json()).toMatchObject({
    checks: { replica: { ok: true, stale: false, processes: 1 } },
  });
});
