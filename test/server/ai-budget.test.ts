import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { startProvider, type TestProvider } from "../../src/testing/ai-provider.ts";
import { createJob, ended } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const PER_MINUTE = 300;
const ITEMS = 40;

const ask = definePipeline({
  name: "ask",
  version: 1,
  title: "Ask",
  accepts: { data: z.object({ n: z.int() }) },
}).each("ask", async (ctx) => (await ctx.ai.text({ prompt: `${ctx.data.n}?` })).text, {
  concurrency: 4,
  cache: "never",
});

let provider: TestProvider;
let server: Running;
beforeAll(async () => {
  provider = await startProvider();
  const model = { name: "fast", provider: "openai", url: provider.openai, model: "small" };
  const models = [{ ...model, limits: { requestsPerMinute: PER_MINUTE } }];
  server = await start({ pipelines: [ask], env: { MILLRACE_AI_MODELS: JSON.stringify(models) } });
});
afterAll(async () => {
  await server.close();
  await provider.close();
});

const metrics = async () => (await fetch(`${server.url}/metrics`)).text();

/** Number of ended attempts of the step by outcome; each started with a claim. */
async function attempts(): Promise<{ [outcome: string]: number }> {
  const text = await metrics();
  const lines = [
    ...text.matchAll(/^millrace_attempts_total\{queue="ask\/ask",outcome="(\w+)"[^}]*\} (\d+)/gm),
  ];
  return Object.fromEntries(lines.map(([, outcome, count]) => [outcome!, Number(count)]));
}

test("while a budget is empty, its tasks are claimed at the rate at which turns are booked", async () => {
  const items = Array.from({ length: ITEMS }, (_, n) => ({ data: { n } }));
  const job = await createJob(server.url, { pipeline: "ask", items });
  const figure = async (name: string) =>
    Number(new RegExp(`^${name}[^ ]* (.+)$`, "m").exec(await metrics())?.[1] ?? 0);
  await expect.poll(() => figure("millrace_model_waiting_calls"), { timeout: 60_000 }).toBeGreaterThan(1);
  expect(await figure("millrace_model_longest_wait_seconds")).toBeGreaterThan(0);
  expect(await figure("millrace_model_limit")).toBe(PER_MINUTE);
  await expect
    .poll(() => ended(server.url, job.id).then(({ state }) => state), { timeout: 60_000 })
    .toBe("succeeded");
  expect(provider.requests).toHaveLength(ITEMS);
  // In every second, never more than the limit plus some jitter.
  for (const { at } of provider.requests) {
    const within = provider.requests.filter((other) => other.at >= at && other.at < at + 1_000);
    expect(within.length).toBeLessThanOrEqual(PER_MINUTE / 60 + 3);
  }
  await expect.poll(async () => (await attempts()).succeeded).toBe(ITEMS);
  const { returned = 0, failed = 0 } = await attempts();
  // One claim books the turn, and one uses it, so nobody polls.
  expect(returned).toBeLessThanOrEqual(ITEMS);
  expect(failed).toBe(0);
  await expect.poll(() => figure("millrace_model_waiting_calls")).toBe(0);
}, 90_000);
