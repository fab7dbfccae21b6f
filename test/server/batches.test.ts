import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { PermanentError } from "../../src/pipeline/control.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { createJob, ended } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

/** The names of the tasks in each call. */
const calls: string[][] = [];

const grant = definePipeline({
  name: "grant",
  version: 1,
  title: "Grant",
  accepts: { data: z.object({ to: z.string(), how: z.enum(["fine", "refused", "breaks"]).default("fine") }) },
})
  .each("check", ({ data }) => data.to.length, { cache: "never", concurrency: 20 })
  .batch(
    "grant",
    { size: 20, waitMs: 1_500, attempts: 2, backoff: { baseMs: 5, maxMs: 10 } },
    async (tasks) => {
      calls.push(tasks.map(({ data }) => data.to));
      if (tasks.some(({ data }) => data.how === "breaks")) throw new Error("the whole statement failed");
      return tasks.map(({ data, previous }) =>
        data.how === "refused"
          ? new PermanentError("not_eligible", `${data.to} is not eligible.`)
          : { to: data.to, letters: previous },
      );
    },
  );

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [grant] });
});
afterAll(() => server.close());

const items = (...names: string[]) => names.map((to) => ({ name: to, data: { to } }));

test("tasks of several jobs come in one call, and each has its own end", async () => {
  calls.length = 0;
  const bad = { name: "mallory", data: { to: "mallory", how: "refused" } };
  const jobs = await Promise.all([
    createJob(server.url, { pipeline: "grant", items: items("ada", "bo") }),
    createJob(server.url, { pipeline: "grant", items: [...items("cy"), bad] }),
  ]);
  const [first, second] = await Promise.all(jobs.map(({ id }) => ended(server.url, id)));
  expect(calls.map((names) => names.toSorted())).toEqual([["ada", "bo", "cy", "mallory"]]);
  expect(first).toMatchObject({ state: "succeeded", items: [{ result: { to: "ada", letters: 3 } }, {}] });
  expect(second).toMatchObject({
    state: "partial",
    items: [{ state: "succeeded" }, { state: "failed", error: { code: "not_eligible" } }],
  });
});

test("a full batch does not wait", async () => {
  calls.length = 0;
  const began = performance.now();
  const names = Array.from({ length: 20 }, (_, n) => `n${n}`);
  const { id } = await createJob(server.url, { pipeline: "grant", items: items(...names) });
  expect(await ended(server.url, id)).toMatchObject({ state: "succeeded" });
  expect(calls).toHaveLength(1);
  expect(performance.now() - began).toBeLessThan(1_400);
});

test("one that breaks the call is charged alone", async () => {
  calls.length = 0;
  const culprit = { name: "x", data: { to: "x", how: "breaks" } };
  const { id } = await createJob(server.url, {
    pipeline: "grant",
    items: [...items("a", "b", "c"), culprit],
  });
  const done = await ended(server.url, id);
  expect(done).toMatchObject({
    state: "partial",
    items: [
      { state: "succeeded", attempt: 1 },
      { state: "succeeded", attempt: 1 },
      { state: "succeeded", attempt: 1 },
      { state: "failed", attempt: 2, error: { code: "step_failed" } },
    ],
  });
  // All four, two halves, each of the culprit's half alone, and the culprit's second attempt.
  expect(calls.map((names) => names.length)).toEqual([4, 2, 2, 1, 1, 1]);
});
