import { afterAll, beforeAll, expect, test } from "vitest";
import { startProvider, type TestProvider } from "../../src/testing/ai-provider.ts";
import { createJob, ended, form, post } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen, type SseEvent } from "./sse-client.ts";

let provider: TestProvider;
let server: Running;
beforeAll(async () => {
  provider = await startProvider();
  const model = { name: "fast", provider: "openai", url: provider.openai, key: "k", model: "small" };
  const prices = { input: 1, output: 2 };
  server = await start({
    env: { MILLRACE_AI_MODELS: JSON.stringify([{ ...model, prices }]), MILLRACE_AI_ANSWERS_HOURS: "0" },
  });
});
afterAll(async () => {
  await server.close();
  await provider.close();
});

const deltas = (events: readonly SseEvent[]) =>
  events
    .filter(({ event }) => event === "text.delta")
    .map(({ data }) => data as unknown as { text: string; offset: number });
/** Assembles the text like a client. */
const textOf = (events: readonly SseEvent[]) =>
  deltas(events).reduce((text, { text: piece, offset }) => text.slice(0, offset) + piece, "");
const words = Array.from({ length: 60 }, (_, n) => `word${n} `);

test("an answer is streamed, and is the job's result with its usage and cost", async () => {
  provider.reply = () => ({ pieces: words, everyMs: 20, usage: { input: 100, output: 60 } });
  const job = await createJob(server.url, { pipeline: "text.answer", options: { prompt: "Tell me words." } });
  const stream = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await stream.ended;
  expect(textOf(stream.events)).toBe(words.join(""));
  expect(deltas(stream.events).length).toBeGreaterThan(30);
  const { result } = (await ended(server.url, job.id)) as unknown as { result: { [name: string]: unknown } };
  expect(result).toMatchObject({
    text: words.join(""),
    model: "127.0.0.1/small",
    usage: { inputTokens: 100, outputTokens: 60, estimated: false },
    cost: { usd: 0.000_22, estimated: false },
    citations: [],
  });
  const asked = {
    model: "fast",
    calls: 1,
    inputTokens: 100,
    outputTokens: 60,
    usd: 0.000_22,
    estimatedCalls: 0,
  };
  const usage = async (path: string) => (await fetch(server.url + path)).json();
  expect(await usage(`/v1/jobs/${job.id}/model-usage`)).toMatchObject({ items: [asked] });
  const day = new Date().toISOString().slice(0, 10);
  expect(await usage("/v1/me/model-usage?days=2")).toMatchObject({ items: [{ ...asked, day }] });
  expect(await usage("/v1/admin/model-usage")).toMatchObject({ items: [{ ...asked, day }] });
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
  await expect.poll(metrics).toContain('millrace_model_calls_total{model="fast",outcome="answered"} 1\n');
  const text = await metrics();
  expect(text).toContain('millrace_model_tokens_total{model="fast",kind="input"} 100\n');
  expect(text).toContain('millrace_model_tokens_total{model="fast",kind="output"} 60\n');
  expect(text).toContain('millrace_model_cost_usd_total{model="fast"} 0.00022\n');
  expect(text).toContain('millrace_model_calls_total{model="fast",outcome="refused"} 0\n');
});

test("who joins late, and who comes back, gets the text so far and then the rest", async () => {
  provider.reply = () => ({ pieces: words, everyMs: 40 });
  const job = await createJob(server.url, { pipeline: "text.answer", options: { prompt: "More words." } });
  const first = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await expect.poll(() => textOf(first.events).length, { timeout: 60_000 }).toBeGreaterThan(100);
  const late = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await expect.poll(() => deltas(late.events).length).toBeGreaterThan(1);
  const lastId = late.events.findLast(({ id }) => id !== null)?.id ?? null;
  await late.cut();
  const again = await listen(server.url, `/v1/jobs/${job.id}/events`, lastId);
  await Promise.all([first.ended, again.ended]);
  for (const stream of [late, again]) {
    const [soFar, ...rest] = deltas(stream.events);
    expect(soFar!.offset).toBe(0);
    expect(soFar!.text.length).toBeGreaterThan(90);
    // Every piece arrives exactly once.
    let end = soFar!.text.length;
    for (const { offset, text } of rest) {
      expect(offset).toBe(end);
      end += text.length;
    }
  }
  expect(textOf(again.events)).toBe(words.join(""));
});

test("a canceled job stops its provider at once, and is charged for what came", async () => {
  const many = Array.from({ length: 500 }, (_, n) => `word${n} `);
  provider.reply = () => ({ pieces: many, everyMs: 20 });
  provider.streamed.length = 0;
  const job = await createJob(server.url, {
    pipeline: "text.answer",
    options: { prompt: "Too many words." },
  });
  const stream = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await expect.poll(() => textOf(stream.events).length, { timeout: 60_000 }).toBeGreaterThan(50);
  await post(server.url, `/v1/jobs/${job.id}/cancel`, {});
  await expect.poll(() => provider.streamed[0]!.left, { timeout: 3_000 }).toBe(true);
  expect(provider.streamed[0]!.pieces).toBeLessThan(200);
});

test("files are sources", async () => {
  provider.reply = () => ({ pieces: ["Yes ", "[1]."] });
  const files: [string, string][] = [["bees.txt", "Bees make honey. They live in hives."]];
  const job = await createJob(
    server.url,
    form("text.answer", files, { options: '{"prompt":"Do bees make honey?"}' }),
  );
  const { result } = (await ended(server.url, job.id)) as unknown as { result: { citations: unknown[] } };
  expect(result.citations).toMatchObject([{ number: 1, file: "bees.txt", index: 0, page: null }]);
  expect(JSON.stringify(provider.requests.at(-1)!.body.messages)).toContain("(bees.txt) Bees make honey.");
});
