import type { ProviderLimit } from "../ports/limiter.ts";

export type Headers = { readonly [name: string]: string | undefined };
/** What a budget counts, and over which time. */
export type Metric =
  | "requestsPerMinute"
  | "requestsPerDay"
  | "inputTokensPerMinute"
  | "outputTokensPerMinute"
  | "tokensPerMinute"
  | "tokensPerDay";

interface Row {
  metric: Metric;
  limit: string;
  remaining: string;
  reset?: string;
  /**
   * What the reset means. `full`: when the whole limit is available again, so that some of it is earlier. `window`: when
   * the current window ends, and nothing is available before.
   */
  means: "full" | "window";
}

interface Dialect {
  /** Matches the host of the provider's URL. `null` matches any. */
  host: RegExp | null;
  rows: readonly Row[];
}

const openAiTokens: Row = {
  metric: "tokensPerMinute",
  limit: "x-ratelimit-limit-tokens",
  remaining: "x-ratelimit-remaining-tokens",
  reset: "x-ratelimit-reset-tokens",
  means: "full",
};

const openAiRequests: Row = {
  metric: "requestsPerMinute",
  limit: "x-ratelimit-limit-requests",
  remaining: "x-ratelimit-remaining-requests",
  reset: "x-ratelimit-reset-requests",
  means: "full",
};

function anthropic(kind: string, metric: Metric): Row {
  const name = `anthropic-ratelimit-${kind}`;
  return {
    metric,
    limit: `${name}-limit`,
    remaining: `${name}-remaining`,
    reset: `${name}-reset`,
    means: "full",
  };
}

/** Rate limit headers of providers. The first dialect whose host matches applies. */
const dialects: readonly Dialect[] = [
  {
    host: /(^|\.)anthropic\.com$/,
    rows: [
      anthropic("requests", "requestsPerMinute"),
      anthropic("input-tokens", "inputTokensPerMinute"),
      anthropic("output-tokens", "outputTokensPerMinute"),
    ],
  },
  // Groq counts requests per day, and tokens per minute.
  { host: /(^|\.)groq\.com$/, rows: [{ ...openAiRequests, metric: "requestsPerDay" }, openAiTokens] },
  {
    host: /(^|\.)openrouter\.ai$/,
    rows: [
      {
        metric: "requestsPerMinute",
        limit: "x-ratelimit-limit",
        remaining: "x-ratelimit-remaining",
        reset: "x-ratelimit-reset",
        means: "window",
      },
    ],
  },
  { host: null, rows: [openAiRequests, openAiTokens] },
];

/** What a response says about each budget. */
export function limitsSaid(
  headers: Headers,
  host: string,
  now = Date.now(),
): Partial<Record<Metric, ProviderLimit>> {
  const { rows } = dialects.find((dialect) => dialect.host === null || dialect.host.test(host))!;
  const said: Partial<Record<Metric, ProviderLimit>> = {};
  for (const { metric, limit, remaining, reset, means } of rows) {
    const left = numberOf(headers[remaining]);
    if (left === undefined) continue;
    const whole = numberOf(headers[limit]);
    const resetMs = means === "window" && reset ? untilMs(headers[reset], now) : undefined;
    said[metric] = {
      remaining: left,
      ...(whole !== undefined && whole > 0 && { limit: whole }),
      ...(resetMs !== undefined && { resetMs }),
    };
  }
  return said;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

const LONGEST_MS = 86_400_000;
const UNITS: { [unit: string]: number } = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Converts a duration (`6m0s`, `120ms`), a time (RFC 3339), seconds, or ms since the epoch to ms from now. */
export function untilMs(text: string | undefined, now: number): number | undefined {
  const value = text?.trim() ?? "";
  const bounded = (ms: number) => (Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, ms)));
  if (/^\d{1,15}(\.\d+)?$/.test(value)) {
    const number = Number(value);
    // Magnitude tells timestamps from durations: no reset takes 30 years.
    if (number > 1e12) return bounded(number - now);
    return bounded(number > 1e9 ? number * 1_000 - now : number * 1_000);
  }
  if (/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(value)) {
    const parts = value.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g);
    return bounded([...parts].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit!]!, 0));
  }
  return /^\d{4}-/.test(value) ? bounded(Date.parse(value) - now) : undefined;
}
