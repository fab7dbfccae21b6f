import autocannon from "autocannon";
import { percentile } from "../statistics.ts";

export interface Checked {
  perSecond: number;
  p50: number;
  p99: number;
  /** Of the requests, that were answered with anything but 200, or not at all. */
  failed: number;
  [figure: string]: number;
}

/** Asks a service, with one of many tokens each time. @param rate requests a second; as many as it answers without */
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
