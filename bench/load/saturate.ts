import autocannon from "autocannon";
import { percentile } from "../statistics.ts";

export interface Saturation {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  [figure: string]: number;
}

/** Saturates the server over a number of connections; each sends its next request as soon as it has an answer. */
export async function saturate(
  url: string,
  body: string,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Saturation> {
  const times: number[] = [];
  const running = autocannon({
    url,
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    connections,
    duration: seconds,
  });
  running.on("response", (_client, _status, _bytes, ms) => times.push(ms));
  const result = await running;
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals and ${result.errors} errors`);
  return {
    perSecond: result.requests.total / result.duration,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
  };
}
