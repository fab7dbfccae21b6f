import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { characters, defaults } from "../examples/recycling/catalog.ts";
import { scan } from "../examples/recycling/pipelines/scan.ts";
import { type Running, start } from "./server/harness.ts";

let server: Running;
const loads = vi.spyOn(characters as { load: NonNullable<typeof characters.load> }, "load");
beforeAll(async () => {
  server = await start({ pipelines: [scan], worker: false });
});
afterAll(() => server.close());

test("a cold start loads a character once, however many ask; then it is read from memory", async () => {
  const catalog = server.engine.catalogs.get(characters.name);
  const found = await Promise.all(Array.from({ length: 300 }, () => catalog.lookup("glass")));
  expect(new Set(found.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(found[0]).toMatchObject({ id: "marble", name: { ko: "구슬이" } });
  expect(loads).toHaveBeenCalledTimes(1);
  const began = performance.now();
  for (let n = 0; n < 10_000; n++) await catalog.lookup("glass");
  // The goal is 0.1 ms per lookup; from memory it takes a thousandth of that.
  expect((performance.now() - began) / 10_000).toBeLessThan(0.1);
  expect(loads).toHaveBeenCalledTimes(1);
});

test("the default record is one of a catalog, too, and materials without a character have none", async () => {
  const url = (name: string, key: string) => `${server.url}/v1/catalogs/${name}/${key}`;
  const answer = await fetch(url(defaults.name, "character"));
  expect(await answer.json()).toMatchObject({ value: { id: "pebble" } });
  expect((await fetch(url(characters.name, "mixed"))).status).toBe(404);
});
