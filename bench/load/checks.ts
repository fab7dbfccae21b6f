import autocannon from "autocannon";
import { percentile } from "../statistics.ts";

export interface Checked {
  perSecond: number;
  p50: number;
  p99: number;
  /** Share of requests answered with anything but 200, or not at all. */
  failed: number;
  [figure: string]: number;
}

/** Sends access checks, cycling through the tokens. @param rate requests per second; unlimited if left out */
export async function askChecks(
  url: string,
  tokens: readonly string[],
  { connections, seconds, rate }: { connections: number; seconds: number; rate?: number },
): Promise<Checked> {
  const times: number[] = [];
  const running = autocannon({
    url,
    connections,
    duration: seconds,
    ...(rate && { overallRate: rate }),
    requests: tokens.map((token) => ({
      headers: { authorization: `Bearer ${token}`, "x-forwarded-uri": "/a", "x-forwarded-method": "GET" },
    })),
  });
  running.on("response", (_client, _status, _bytes, ms) => times.push(ms));
  const result = await running;
  const failures = result.non2xx + result.errors + result.timeouts;
  return {
    perSecond: result.requests.total / result.duration,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failed: failures / Math.max(1, result.requests.total),
  };
}
