import type { Cdn } from "../../ports/cdn.ts";
import { askCdn } from "../cdn-request.ts";

const API = "https://api.fastly.com";
/** Surrogate keys per request. */
const BATCH = 256;
/** Purges per hour that a customer may average. */
const PER_HOUR = 100_000;
/** Purges at once: Fastly counts over an hour. */
const BURST = 10_000;

export interface FastlySettings {
  service: string;
  /** Needs the scope purge_select. */
  token: string;
  /** @default Fastly's own */
  api?: string;
}

/**
 * Published files are served with their content's hash as surrogate key, so that one request purges many:
 * https://www.fastly.com/documentation/reference/api/purging/
 */
export function fastlyCdn({ service, token, api = API }: FastlySettings): Cdn {
  const headers = { "fastly-key": token, accept: "application/json" };
  return {
    name: "fastly",
    batch: BATCH,
    budget: { limit: PER_HOUR, perMs: 3_600_000, burst: BURST },
    async purge(urls, { signal }) {
      const keys = urls.flatMap((url) => keyOf(url) ?? []);
      if (keys.length > 0) {
        const url = `${api}/service/${encodeURIComponent(service)}/purge`;
        await askCdn("Fastly", url, { method: "POST", headers, body: { surrogate_keys: keys }, signal });
      }
      // Other files are purged one by one.
      for (const url of urls.filter((one) => keyOf(one) === null)) {
        const { host, pathname, search } = new URL(url);
        await askCdn("Fastly", `${api}/purge/${host}${pathname}${search}`, {
          method: "POST",
          headers,
          signal,
        });
      }
    },
    async close() {},
  };
}

/** The surrogate key of a published file; `null` for any other URL. */
function keyOf(url: string): string | null {
  return /\/p\/([0-9a-f]{64})\.[a-z0-9]+$/.exec(new URL(url).pathname)?.[1] ?? null;
}
