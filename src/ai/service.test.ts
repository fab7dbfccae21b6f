import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { sqliteLimiter } from "../adapters/sqlite/limiter.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import { aiRecords } from "../database/ai-records.ts";
import type { Json } from "../domain/records.ts";
import { DECREASE } from "../domain/reservations.ts";
import { STARTED } from "../domain/starts.ts";
import type { Ai } from "../pipeline/ai.ts";
import { aiOver } from "../pipeline/ai-calls.ts";
import { RetryableError, Snooze } from "../pipeline/control.ts";
import { type ProviderReply, startProvider, type TestProvider } from "../testing/ai-provider.ts";
import { createAiService } from "./create-service.ts";
import type { AiNotice } from "./notices.ts";
import type { AiService, AiTask } from "./service.ts";
import { type ModelSettings, modelSettings } from "./settings.ts";
import type { ModelFigures } from "./tally.ts";

const writer = await testWriter({ publishes: true });
const database = sqliteDatabase(await connectWriter(writer.socketPath));
const records = aiRecords(database);
afterAll(async () => {
  await database.close();
  await writer.close();
});

let provider: TestProvider;
const services: AiService[] = [];
beforeEach(async () => {
  provider = await startProvider();
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
  await provider.close();
});

const name = () => `m${randomUUID().slice(0, 8)}`;

function model(some: Partial<ModelSettings> = {}): ModelSettings {
  const settings = {
    name: name(),
    provider: "openai",
    url: provider.openai,
    key: "k",
    model: "small",
    ...some,
  };
  return modelSettings.parse([settings])[0]!;
}

async function service(models: ModelSettings[], some: object = {}): Promise<AiService> {
  const made = await createAiService({
    ...{ models, pipelines: {}, records, maxWaitMs: 60_000, answersMs: 0, sharesAnswers: false },
    limiter: sqliteLimiter(await connectWriter(writer.socketPath)),
    notices: { tell() {}, listen: async () => async () => {} },
    ...some,
  });
  services.push(made);
  return made;
}

interface Task extends AiTask {
  deltas: string[];
  memo: Map<string, Json>;
  stop: AbortController;
}

function task(some: Partial<AiTask> = {}): Task {
  const memo = new Map<string, Json>();
  const deltas: string[] = [];
  const stop = new AbortController();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return {
    ...{ jobId: randomUUID(), owner: "ann", pipeline: "p", createdAt: Date.now(), now: Date.now, log },
    ...{ memo, deltas, stop, signal: stop.signal },
    async once<T extends Json>(key: string, fn: () => Promise<T>) {
      if (!memo.has(key)) memo.set(key, JSON.parse(JSON.stringify(await fn())) as Json);
      return memo.get(key) as T;
    },
    recall: async (key) => memo.get(key),
    read: async () => Buffer.from("picture"),
    delta: (text) => deltas.push(text),
    ...some,
  };
}

const over = (made: AiService, of: AiTask): Ai => aiOver(made.modelsOf("p"), (call) => made.make(call, of));
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error as Error & { code?: string },
  );

async function one(reply: ProviderReply | ((n: number) => ProviderReply), some: Partial<ModelSettings> = {}) {
  provider.reply = (_, n) => (typeof reply === "function" ? reply(n) : reply);
  const settings = model(some);
  const made = await service([settings]);
  const of = task();
  return { settings, made, of, ai: over(made, of) };
}

test("text comes with usage and cost, cached and reasoning tokens apart, and is paid for once", async () => {
  const prices = { input: 1, cachedInput: 0.1, output: 10, reasoning: 20 };
  const usage = { input: 1_000, cached: 400, output: 100, reasoning: 30 };
  const { ai, of, settings } = await one({ text: "Seoul", usage }, { prices });
  const answer = await ai.text({ system: "Be brief.", prompt: "The capital of Korea?" });
  expect(answer).toMatchObject({ text: "Seoul", finish: "stop", model: "127.0.0.1/small", cached: false });
  expect(answer.usage).toEqual({
    ...{
      inputTokens: 1_000,
      cachedInputTokens: 400,
      outputTokens: 100,
      reasoningTokens: 30,
      estimated: false,
    },
  });
  expect(answer.cost).toEqual({ usd: 0.001_94 + 0, estimated: false });
  expect(await ai.text({ system: "Be brief.", prompt: "The capital of Korea?" })).toMatchObject({
    cached: true,
  });
  expect(provider.requests).toHaveLength(1);
  const { body, headers } = provider.requests[0]!;
  expect(headers.authorization).toBe("Bearer k");
  // Always set, so that usage cannot exceed what was booked.
  expect(body.max_tokens).toBe(4_096);
  expect(await records.ofJob("ann", of.jobId)).toMatchObject([
    { model: settings.name, calls: 1, inputTokens: 1_000 },
  ]);
});

const shape = z.object({ a: z.string(), n: z.number() });

test("a structured answer is asked for with its schema, repaired, and checked", async () => {
  const texts = [
    '{"a":"x","n":1}',
    '```json\n{"a":"x","n":1}\n```',
    '{a:"x",n:1',
    '{"a": 5}',
    "no",
    '{"a":"x","n":1}',
  ];
  const { ai } = await one((n) => ({ text: texts[n]!, ...(n === 5 && { finish: "length" }) }));
  expect(await ai.object({ schema: shape, prompt: "1" })).toMatchObject({
    object: { a: "x", n: 1 },
    repaired: false,
  });
  const format = provider.requests[0]!.body.response_format as {
    type: string;
    json_schema: { schema: object };
  };
  expect(format.type).toBe("json_schema");
  expect(format.json_schema.schema).toMatchObject({ required: ["a", "n"] });
  expect(await ai.object({ schema: shape, prompt: "2" })).toMatchObject({
    object: { a: "x", n: 1 },
    repaired: true,
  });
  expect(await ai.object({ schema: shape, prompt: "3" })).toMatchObject({
    object: { a: "x", n: 1 },
    repaired: true,
  });
  expect(await thrown(ai.object({ schema: shape, prompt: "4" }))).toMatchObject({ code: "answer_malformed" });
  expect(await thrown(ai.object({ schema: shape, prompt: "5" }))).toMatchObject({ code: "answer_malformed" });
  // Valid JSON that was cut at the token limit is not complete.
  expect(await thrown(ai.object({ schema: shape, prompt: "6" }))).toMatchObject({
    code: "answer_incomplete",
  });
});

test("a provider without schemas is asked in words", async () => {
  const { ai } = await one({ text: '{"a":"x","n":1}' }, { schemas: false });
  expect((await ai.object({ schema: shape, prompt: "1" })).object).toEqual({ a: "x", n: 1 });
  expect(provider.requests[0]!.body.response_format).toBeUndefined();
  expect(JSON.stringify(provider.requests[0]!.body.messages)).toContain("JSON Schema");
});

test("a stream is told piece by piece, with its usage", async () => {
  const { ai, of } = await one({ pieces: ["토큰 ", "둘"], usage: { input: 9, output: 2 } });
  const answer = await ai.stream({ prompt: "?" });
  expect(of.deltas).toEqual(["토큰 ", "둘"]);
  expect(answer).toMatchObject({ text: "토큰 둘", finish: "stop" });
  expect(answer.usage).toMatchObject({ inputTokens: 9, outputTokens: 2, estimated: false });
  expect(provider.requests[0]!.body.stream_options).toEqual({ include_usage: true });
});

test("a stream without usage is reckoned, and says so", async () => {
  const { ai } = await one({ usage: null });
  const { usage } = await ai.stream({ prompt: "How many tokens?" });
  expect(usage.estimated).toBe(true);
  expect(usage.inputTokens).toBeGreaterThan(3);
});

test("a stream that is refused snoozes instead of an empty answer", async () => {
  const { ai, of } = await one({
    status: 429,
    headers: { "retry-after": "7" },
    body: { error: { message: "slow" } },
  });
  const error = await thrown(ai.stream({ prompt: "?" }));
  expect(error).toBeInstanceOf(Snooze);
  expect((error as Snooze).afterMs).toBeGreaterThan(6_000);
  expect(of.deltas).toEqual([]);
  // The service does not retry by itself.
  expect(provider.requests).toHaveLength(1);
});

test.each([
  ["cut", { cutAfter: 2, everyMs: 30 }],
  ["ended without a reason", { endless: true }],
])("a stream that is %s is no answer, and what came of it is charged", async (_, reply) => {
  const { ai, of } = await one({ ...reply, pieces: ["one ", "two ", "three"] });
  const error = await thrown(ai.stream({ prompt: "?" }));
  expect(error).toBeInstanceOf(RetryableError);
  expect(error!.code).toBe("provider_unavailable");
  const [used] = await records.ofJob("ann", of.jobId);
  expect(used).toMatchObject({ calls: 1, estimated: 1 });
  expect(used!.outputTokens).toBeGreaterThan(0);
});

test("an aborted stream stops the provider and is charged with what came", async () => {
  const pieces = Array.from({ length: 200 }, () => "word ");
  const { ai, of } = await one({ pieces, everyMs: 10 });
  of.delta = (text) => {
    if (of.deltas.push(text) === 5) of.stop.abort(new Error("canceled"));
  };
  expect((await thrown(ai.stream({ prompt: "?" })))!.message).toBe("canceled");
  await expect.poll(() => provider.streamed[0]!.left).toBe(true);
  expect(provider.streamed[0]!.pieces).toBeLessThan(15);
  const [used] = await records.ofJob("ann", of.jobId);
  expect(used).toMatchObject({ calls: 1, estimated: 1 });
  expect(used!.outputTokens).toBeGreaterThan(4);
  expect(used!.outputTokens).toBeLessThan(20);
});

test.each([
  ["canceled", {}],
  ["given up after its time", { timeoutSeconds: 0.3 }],
])("a call that is %s before it is answered is charged with what was sent", async (how, some) => {
  const prices = { input: 1_000, output: 1_000 };
  const { ai, of } = await one({ delayMs: 5_000 }, { prices, ...some });
  const failed = thrown(ai.text({ prompt: "How many tokens does this question have, about?" }));
  await expect.poll(() => provider.requests.length).toBe(1);
  if (how === "canceled") of.stop.abort(new Error("canceled"));
  expect(await failed).toBeInstanceOf(Error);
  const [used] = await records.ofJob("ann", of.jobId);
  expect(used).toMatchObject({ calls: 1, estimated: 1, outputTokens: 0 });
  expect(used!.inputTokens).toBeGreaterThan(8);
  expect(used!.usd).toBeCloseTo(used!.inputTokens / 1_000, 6);
});

test("a call that is canceled before it is sent is not charged", async () => {
  const { ai, of } = await one({});
  of.stop.abort(new Error("canceled"));
  expect((await thrown(ai.text({ prompt: "?" })))!.message).toBe("canceled");
  expect(provider.requests).toHaveLength(0);
  expect(await records.ofJob("ann", of.jobId)).toEqual([]);
});

/** Delivers notices to all services at once, like a bus. */
function sharedNotices() {
  const heard: ((notice: AiNotice) => void)[] = [];
  const told: AiNotice[] = [];
  return {
    told,
    tell(notice: AiNotice) {
      told.push(notice);
      for (const hear of heard) hear(notice);
    },
    listen: async (hear: (notice: AiNotice) => void) => {
      heard.push(hear);
      return async () => {};
    },
  };
}

/** A task that booked its turn long ago and is `lateMs` late for it. */
function booked(settings: ModelSettings, key: string, lateMs: number): Task {
  const of = task();
  of.memo.set(`ai turn ${key} ${settings.name} 0`, { startAt: Date.now() - lateMs, input: 5, output: 5 });
  return of;
}

test("calls that start too late are spaced, and so are those on time in other processes", async () => {
  const settings = model({ limits: { requestsPerMinute: 60 } });
  const notices = sharedNotices();
  const [late, other] = [await service([settings], { notices }), await service([settings], { notices })];
  const planned = over(late, booked(settings, "a", 300)).text({ prompt: "a", key: "a" });
  expect(await thrown(planned)).toBeNull();
  expect(notices.told).toEqual([]);
  await Promise.all(
    ["b", "c"].map((key) => over(late, booked(settings, key, 3_000)).text({ prompt: key, key })),
  );
  expect(notices.told).toMatchObject([{ model: settings.name, kind: "spaced" }]);
  const [, b, c] = provider.requests;
  expect(c!.at - b!.at).toBeGreaterThan(900);
  // Two at once: the second has to wait, and a third would be too early.
  const onTime = ["d", "e", "f"].map((key) =>
    thrown(over(other, booked(settings, key, 0)).text({ prompt: key, key })),
  );
  const errors = await Promise.all(onTime);
  expect(errors.filter((error) => error instanceof Snooze).length).toBeGreaterThanOrEqual(1);
  for (const [index, request] of provider.requests.entries()) {
    if (index < 2) continue;
    expect(request.at - provider.requests[index - 1]!.at).toBeGreaterThan(900);
  }
});

test("turns that were booked before a refusal wait for the rate that it leaves", async () => {
  const settings = model({ limits: { requestsPerMinute: 60 } });
  const notices = sharedNotices();
  const [one, other] = [await service([settings], { notices }), await service([settings], { notices })];
  provider.reply = () => ({ status: 429, headers: { "retry-after": "2" }, body: { error: {} } });
  expect(await thrown(over(one, task()).text({ prompt: "a", key: "a" }))).toBeInstanceOf(Snooze);
  provider.reply = () => ({});
  const waits: number[] = [];
  for (const key of ["b", "c", "d"]) {
    const of = booked(settings, key, 0);
    const error = (await thrown(over(other, of).text({ prompt: key, key }))) as Snooze;
    expect(error).toBeInstanceOf(Snooze);
    waits.push(error.afterMs!);
    // Returning early yields the same start.
    const again = (await thrown(over(one, of).text({ prompt: key, key }))) as Snooze;
    expect(again.afterMs).toBeLessThanOrEqual(error.afterMs!);
    expect(again.afterMs).toBeGreaterThan(error.afterMs! - 500);
  }
  expect(provider.requests).toHaveLength(1);
  expect(waits[0]).toBeGreaterThan(2_000);
  const apart = 60_000 / (60 * STARTED * DECREASE);
  for (const n of [1, 2]) {
    expect(waits[n]! - waits[n - 1]!).toBeGreaterThan(apart - 500);
    expect(waits[n]! - waits[n - 1]!).toBeLessThan(apart + 100);
  }
});

test("what calls come to is told: tokens, cost, refusals and waits, by model", async () => {
  const told: ModelFigures[] = [];
  const tell = (figures: ModelFigures[]) => void told.push(...figures);
  const settings = model({ prices: { input: 1, output: 1 }, limits: { requestsPerMinute: 10 } });
  const made = await service([settings], { tell });
  expect(made.limits).toEqual([{ model: settings.name, limit: "requestsPerMinute", amount: 10 }]);
  provider.reply = () => ({ usage: { input: 700, output: 300, cached: 200, reasoning: 100 } });
  await over(made, task()).text({ prompt: "1" });
  expect(await thrown(over(made, task()).text({ prompt: "2" }))).toBeInstanceOf(Snooze);
  provider.reply = () => ({ status: 429, body: { error: {} } });
  expect(await thrown(over(made, booked(settings, "k", 0)).text({ prompt: "3", key: "k" }))).toBeInstanceOf(
    Snooze,
  );
  await expect.poll(() => told.length, { timeout: 5_000 }).toBeGreaterThan(1);
  expect(told.every(({ model: of }) => of === settings.name)).toBe(true);
  const sum = (of: (figures: ModelFigures) => number | undefined) =>
    told.reduce((total, figures) => total + (of(figures) ?? 0), 0);
  expect(sum(({ calls }) => calls.answered)).toBe(1);
  expect(sum(({ calls }) => calls.refused)).toBe(1);
  expect(sum(({ tokens }) => tokens.input)).toBe(700);
  expect(sum(({ tokens }) => tokens.cached_input)).toBe(200);
  expect(sum(({ tokens }) => tokens.output)).toBe(300);
  expect(sum(({ tokens }) => tokens.reasoning)).toBe(100);
  expect(sum(({ usd }) => usd)).toBeCloseTo(0.001, 9);
  expect(sum(({ waitSeconds }) => waitSeconds)).toBeGreaterThan(5);
  expect(Math.max(...told.map(({ waiting }) => waiting))).toBe(1);
  expect(Math.max(...told.map(({ longestSeconds }) => longestSeconds))).toBeGreaterThan(3);
});

test("Gemini answers, and its delay is read from the body", async () => {
  const settings = { provider: "gemini" as const, url: provider.gemini };
  const details = [
    {
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [{ quotaId: "PerMinute", quotaValue: "5" }],
    },
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "46s" },
  ];
  const refusal = { status: 429, body: { error: { code: 429, message: "Quota exceeded.", details } } };
  const { ai, of } = await one((n) => [{ text: '{"a":"x","n":2}' }, {}, refusal][n]!, settings);
  expect((await ai.object({ schema: shape, prompt: "?" })).object).toEqual({ a: "x", n: 2 });
  expect(provider.requests[0]!.headers["x-goog-api-key"]).toBe("k");
  expect((await ai.stream({ prompt: "?" })).text).toBe("An answer.");
  expect(of.deltas.join("")).toBe("An answer.");
  const error = (await thrown(ai.text({ prompt: "?" }))) as Snooze;
  expect(error).toBeInstanceOf(Snooze);
  expect(error.afterMs).toBeGreaterThan(45_000);
});

test("pictures, vectors and drawn pictures", async () => {
  const { ai } = await one({}, { does: ["text", "vision", "embedding", "picture"] });
  await ai.text({ prompt: "What is this?", images: [{ data: Buffer.from("png"), mediaType: "image/png" }] });
  expect(JSON.stringify(provider.requests[0]!.body.messages)).toContain("data:image/png;base64,cG5n");
  const { vectors } = await ai.embed({ values: ["a", "b"] });
  expect(vectors).toEqual([
    [0.5, -0.5, 0],
    [0.5, -0.5, 1],
  ]);
  const { pictures } = await ai.image({ prompt: "a pixel", count: 2 });
  expect(pictures).toHaveLength(2);
  expect(Buffer.from(pictures[0]!.data).subarray(1, 4).toString()).toBe("PNG");
  const image = { data: Buffer.from(pictures[0]!.data), mediaType: "image/png" };
  const changed = await ai.image({ prompt: "another color", images: [image] });
  expect(changed.pictures).toHaveLength(1);
  const { url, body } = provider.requests.at(-1)!;
  expect(url).toBe("/v1/images/edits");
  expect(body).toMatchObject({
    prompt: "another color",
    image: { type: "image/png", bytes: image.data.length },
  });
});

test.each([
  [401, { error: { message: "Incorrect API key" } }],
  [429, { error: { message: "You exceeded your current quota", code: "insufficient_quota" } }],
  [400, { error: { message: "context length" } }],
])("an answer %i that no waiting helps is not tried again", async (status, body) => {
  const { ai } = await one({ status, body });
  const error = await thrown(ai.text({ prompt: "?" }));
  expect(error).toMatchObject({ code: "provider_refused", retryable: false });
  // The provider's message may name the account, so it only goes to the log.
  expect(error!.message).not.toContain("API key");
});

test.each([
  ["is down", { status: 503, body: "busy" }],
  ["drops the connection", { drop: true }],
  ["answers nonsense", { body: "<html>" }],
  ["is slow", { delayMs: 1_000 }],
])("a provider that %s is tried again, or another answers", async (_, reply) => {
  const broken = model({ model: "broken", timeoutSeconds: 0.3 });
  const sound = model({ model: "sound" });
  provider.reply = ({ body }) => (body.model === "broken" ? reply : {});
  const alone = await service([broken]);
  const error = await thrown(over(alone, task()).text({ prompt: "?" }));
  expect(error).toBeInstanceOf(RetryableError);
  expect(error!.code).toBe("provider_unavailable");
  const both = await service([{ ...broken, fallback: sound.name }, sound]);
  expect((await over(both, task()).text({ prompt: "?" })).model).toBe("127.0.0.1/sound");
});

test("a model that failed five times in a minute is left alone by all processes", async () => {
  const broken = model();
  provider.reply = () => ({ status: 500 });
  const heard: ((notice: never) => void)[] = [];
  const notices = {
    tell(notice: unknown) {
      for (const hear of heard) hear(notice as never);
    },
    listen: async (hear: (notice: never) => void) => {
      heard.push(hear);
      return async () => {};
    },
  };
  const [one, two] = [await service([broken], { notices }), await service([broken], { notices })];
  for (let n = 0; n < 6; n++)
    expect((await thrown(over(n % 2 ? one : two, task()).text({ prompt: "?" })))!.code).toBe(
      "provider_unavailable",
    );
  for (const made of [one, two]) {
    const error = (await thrown(over(made, task()).text({ prompt: "?" }))) as Snooze;
    expect(error).toBeInstanceOf(Snooze);
    expect(error.afterMs).toBeGreaterThan(25_000);
  }
  expect(provider.requests).toHaveLength(6);
});

test("identical calls of other jobs are served from memory, for nothing", async () => {
  const settings = model({ prices: { input: 1, output: 1 } });
  const made = await service([settings], { answersMs: 60_000 });
  const paid = await over(made, task()).text({ prompt: "same" });
  expect(paid.cost!.usd).toBeGreaterThan(0);
  const again = await over(made, task()).text({ prompt: "same" });
  expect(again).toMatchObject({ text: paid.text, cached: true, cost: { usd: 0 } });
  await over(made, task({ owner: "bob" })).text({ prompt: "same" });
  await over(made, task()).text({ prompt: "same", key: "another" });
  expect(provider.requests).toHaveLength(3);
});

test("a call waits for its booked turn in another attempt, and its deadline is respected", async () => {
  const { made } = await one({}, { limits: { requestsPerMinute: 10 } });
  await over(made, task()).text({ prompt: "1" });
  const waiting = task();
  const error = (await thrown(over(made, waiting).text({ prompt: "2" }))) as Snooze;
  expect(error).toBeInstanceOf(Snooze);
  expect(error.afterMs).toBeGreaterThan(4_000);
  expect(error.afterMs).toBeLessThan(6_300);
  // Returning early books nothing new.
  const early = (await thrown(over(made, waiting).text({ prompt: "2" }))) as Snooze;
  expect(early.afterMs).toBeLessThanOrEqual(error.afterMs);
  expect(provider.requests).toHaveLength(1);
  const late = task({ createdAt: Date.now() - 55_000 });
  expect(await thrown(over(made, late).text({ prompt: "3" }))).toMatchObject({
    code: "budget_exhausted",
    retryable: false,
  });
});

test("no more calls are under way at once than the model allows", async () => {
  const { made } = await one({ delayMs: 300 }, { limits: { concurrent: 2 } });
  const outcomes = await Promise.all(
    Array.from({ length: 5 }, (_, n) => thrown(over(made, task()).text({ prompt: `${n}` }))),
  );
  expect(outcomes.filter((error) => error === null).length).toBeGreaterThanOrEqual(2);
  expect(outcomes.every((error) => error === null || error instanceof Snooze)).toBe(true);
  expect(provider.requests.length).toBeLessThanOrEqual(outcomes.filter((error) => error === null).length);
});

test("a daily budget survives a restart of the limiter", async () => {
  const settings = model({ limits: { requestsPerDay: 4 } });
  const first = await service([settings]);
  for (let n = 0; n < 3; n++) await over(first, task()).text({ prompt: `${n}` });
  const fresh = await testWriter({ publishes: true });
  const limiter = sqliteLimiter(await connectWriter(fresh.socketPath));
  const again = await service([settings], { limiter });
  expect(await thrown(over(again, task()).text({ prompt: "4" }))).toMatchObject({ code: "budget_exhausted" });
  await limiter.close();
  await fresh.close();
});

test("without a model that can do it, the call says so", async () => {
  const made = await service([model()]);
  expect(await thrown(over(made, task()).embed({ values: ["a"] }))).toMatchObject({ code: "no_model" });
  expect(await thrown(over(made, task()).text({ prompt: "?", model: "none" }))).toMatchObject({
    code: "no_model",
  });
});
