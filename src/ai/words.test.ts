import { expect, test } from "vitest";
import { runningRatios, textTokens } from "./estimates.ts";
import { limitsSaid, untilMs } from "./headers.ts";
import { refusalOf } from "./refusals.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

test.each([
  ["1s", 1_000],
  ["6m0s", 360_000],
  ["120ms", 120],
  ["1h2m3.5s", 3_723_500],
  ["2026-01-01T00:00:30Z", 30_000],
  ["7", 7_000],
  [String(now + 5_000), 5_000],
  [String(now / 1_000 + 5), 5_000],
  ["2025-01-01T00:00:00Z", 0],
  ["99h", 86_400_000],
  ["soon", undefined],
  ["", undefined],
  ["-5", undefined],
])("the reset %s is in %s ms", (text, ms) => {
  expect(untilMs(text, now)).toBe(ms);
});

const openAi = {
  "x-ratelimit-limit-requests": "60",
  "x-ratelimit-remaining-requests": "59",
  "x-ratelimit-reset-requests": "1s",
  "x-ratelimit-limit-tokens": "150000",
  "x-ratelimit-remaining-tokens": "149984",
  "x-ratelimit-reset-tokens": "6m0s",
};

test.each([
  [
    "api.openai.com",
    openAi,
    // With `full` semantics, some of the limit returns before the reset.
    {
      requestsPerMinute: { limit: 60, remaining: 59 },
      tokensPerMinute: { limit: 150_000, remaining: 149_984 },
    },
  ],
  [
    "api.groq.com",
    openAi,
    { requestsPerDay: { limit: 60, remaining: 59 }, tokensPerMinute: { limit: 150_000, remaining: 149_984 } },
  ],
  [
    "api.anthropic.com",
    {
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:30Z",
      "anthropic-ratelimit-input-tokens-remaining": "9000",
      "anthropic-ratelimit-output-tokens-limit": "8000",
      "anthropic-ratelimit-output-tokens-remaining": "7000",
    },
    {
      requestsPerMinute: { limit: 50, remaining: 0 },
      inputTokensPerMinute: { remaining: 9_000 },
      outputTokensPerMinute: { limit: 8_000, remaining: 7_000 },
    },
  ],
  [
    "openrouter.ai",
    { "x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now + 9_000) },
    { requestsPerMinute: { limit: 20, remaining: 0, resetMs: 9_000 } },
  ],
  ["127.0.0.1", { "x-ratelimit-remaining-requests": "many" }, {}],
  ["generativelanguage.googleapis.com", {}, {}],
])("what %s says of its limits", (host, headers, said) => {
  expect(limitsSaid(headers, host, now)).toEqual(said);
});

const gemini = (quotaId: string, quotaValue: string) =>
  JSON.stringify({
    error: {
      code: 429,
      message: "Quota exceeded. Please retry in 46.1s.",
      details: [
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId, quotaValue }] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "46s" },
      ],
    },
  });

test.each([
  [429, { "retry-after": "7", "retry-after-ms": "6500" }, "", { kind: "limited", retryMs: 6_500 }],
  [429, { "retry-after": "7" }, "", { kind: "limited", retryMs: 7_000 }],
  [429, {}, "", { kind: "limited", retryMs: 5_000 }],
  [
    429,
    {},
    gemini("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "5"),
    { kind: "limited", retryMs: 46_000 },
  ],
  [
    429,
    {},
    gemini("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "50"),
    { kind: "limited", retryMs: 3_600_000 },
  ],
  [429, {}, gemini("GenerateRequestsPerDay", "0"), { kind: "refused" }],
  [
    429,
    {},
    '{"error":{"message":"Rate limit reached, please try again in 1.5s"}}',
    { kind: "limited", retryMs: 1_500 },
  ],
  [
    429,
    {},
    '{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}',
    { kind: "refused" },
  ],
  [401, {}, '{"error":{"message":"bad key"}}', { kind: "refused", why: "bad key" }],
  [404, {}, "", { kind: "refused" }],
  [503, { "retry-after": "3" }, "", { kind: "down", retryMs: 3_000 }],
  [529, {}, '{"error":{"message":"overloaded"}}', { kind: "down", why: "overloaded" }],
  [408, {}, "", { kind: "down" }],
  [undefined, {}, "", { kind: "down" }],
])("status %s with %o and %s", (status, headers, body, refusal) => {
  expect(refusalOf({ status, headers, body }, now)).toMatchObject(refusal);
});

test("tokens are reckoned by script", () => {
  expect(textTokens("The quick brown fox jumps.")).toBe(7);
  expect(textTokens("다람쥐 헌 쳇바퀴에 타고파")).toBeGreaterThan(9);
  expect(textTokens("")).toBe(0);
});

test("a model's own ratio corrects what is reckoned", () => {
  const ratios = runningRatios();
  expect(ratios.expect(1_000, 400)).toEqual({ input: 1_000, output: 200 });
  for (let n = 0; n < 60; n++) ratios.saw({ input: 1_000, maxOutput: 400 }, { input: 1_500, output: 40 });
  const { input, output } = ratios.expect(1_000, 400);
  expect(input).toBeGreaterThan(1_480);
  expect(output).toBeLessThan(45);
});
