import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { definePipeline } from "../src/pipeline/pipeline.ts";
import { positionAt } from "../src/webhooks/log-position.ts";
import { createJob, ended } from "./server/fixtures.ts";
import { type Running, start } from "./server/harness.ts";

/** How many events may be read unnecessarily. */
const MARGIN = 101;

const numbers = definePipeline({
  name: "numbers",
  version: 1,
  title: "Numbers",
  accepts: { data: z.object({ n: z.int() }) },
}).each("run", () => {}, { concurrency: 20, cache: "never" });

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [numbers] });
});
afterAll(() => server.close());

test("all events since a time are behind its place in the log, and few from before it", async () => {
  const { store } = server.engine;
  const owner = "local";
  expect(await positionAt(store, owner, 0)).toBe(0);
  expect(await positionAt(store, owner, Date.now())).toBe(0);
  for (let job = 0; job < 4; job++) {
    const items = Array.from({ length: 100 }, (_, n) => ({ data: { n } }));
    const { id } = await createJob(server.url, { pipeline: "numbers", items });
    await ended(server.url, id);
  }
  const events = [];
  for (let after = 0; ; after = events.at(-1)!.seq) {
    const page = await store.events({ owner, after, limit: 500 });
    if (page.length === 0) break;
    events.push(...page);
  }
  expect(events.length).toBeGreaterThan(4 * MARGIN);
  const times = events.map(({ at }) => at);
  for (const time of [...new Set(times), times[0]! - 1, Math.max(...times) + 1]) {
    const position = await positionAt(store, owner, time);
    const wanted = events.filter(({ at }) => at >= time);
    for (const { seq } of wanted) expect(seq).toBeGreaterThan(position);
    const before = events.findLastIndex(({ at }) => at < time) + 1;
    expect(position).toBeGreaterThanOrEqual(Math.max(0, Math.min(before, events.length) - 2 * MARGIN));
  }
  const end = Math.max(...times) + 1;
  expect(await positionAt(store, owner, end)).toBe(events.at(-1)!.seq);
});
