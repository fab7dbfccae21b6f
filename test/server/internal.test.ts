import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { createJob, ended, form, post } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const credit = definePipeline({
  name: "credit",
  version: 1,
  title: "Credit",
  internal: true,
  accepts: { data: z.object({ points: z.int() }) },
  schedules: [{ name: "yearly", cron: "0 0 1 1 *", items: [{ data: { points: 1 } }] }],
}).each("write", ({ data, owner }) => ({ owner, points: data.points }));

const play = definePipeline({ name: "play", version: 1, title: "Play" }).each("win", async (ctx) => {
  await ctx.submit("prize", credit, { items: [{ data: { points: 3 } }] });
});

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [credit, play] });
});
afterAll(() => server.close());

const send = (path: string, body: object) => post(server.url, path, body);

test("clients cannot start an internal pipeline, by any route", async () => {
  const job = { pipeline: "credit", items: [{ data: { points: 1_000 } }] };
  const refused = await send("/v1/jobs", job);
  const { code, detail } = (await refused.json()) as { code: string; detail: string };
  expect([refused.status, code]).toEqual([404, "not_found"]);
  expect(detail).toContain("play");
  expect(detail.replace('"credit"', "")).not.toContain("credit");
  const answers = await Promise.all([
    send("/v1/jobs", form("credit", [], { items: JSON.stringify(job.items) })),
    send("/v1/jobs/quote", job),
    send("/v1/schedules", { ...job, name: "mine", cron: "0 0 * * *" }),
    send("/v1/presets", { pipeline: "credit", name: "mine", options: {} }),
    fetch(`${server.url}/v1/pipelines/credit`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
  const { items } = (await (await fetch(`${server.url}/v1/pipelines`)).json()) as {
    items: { name: string }[];
  };
  expect(items.map(({ name }) => name)).toContain("play");
  expect(items.map(({ name }) => name)).not.toContain("credit");
});

test("a step starts it, and so does a schedule of its own", async () => {
  const { id } = await createJob(server.url, { pipeline: "play" });
  const [item] = (await ended(server.url, id)).items as unknown as { children: { jobId: string }[] }[];
  expect(await ended(server.url, item!.children[0]!.jobId)).toMatchObject({
    ...{ state: "succeeded", items: [{ result: { owner: "local", points: 3 } }] },
  });
  const [schedule] = await server.engine.schedules.list({ owner: "system", limit: 10 });
  const { jobId } = await server.engine.schedules.run({ owner: "system", id: schedule!.id });
  expect(await server.engine.store.job({ owner: "system", id: jobId })).toMatchObject({ pipeline: "credit" });
});
