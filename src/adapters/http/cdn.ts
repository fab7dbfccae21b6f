import type { Cdn } from "../../ports/cdn.ts";
import { askCdn } from "../cdn-request.ts";

/** Requests per second. */
const PER_SECOND = 20;
/** URLs of a batch purged concurrently. */
const AT_ONCE = 5;

export interface GenericSettings {
  /** Origin of the cache that gets the requests. @default the origin of each URL */
  api?: string;
  /** Extra headers, such as an authorization. @default none */
  headers?: Record<string, string>;
}

/** A cache that purges a URL on a `PURGE` request, as Varnish, Squid and nginx are usually set up. */
export function genericCdn({ api, headers = {} }: GenericSettings): Cdn {
  const ask = async (text: string, signal: AbortSignal) => {
    const url = new URL(text);
    const target = api === undefined ? text : new URL(url.pathname + url.search, api).href;
    const named = api === undefined ? headers : { ...headers, "x-forwarded-host": url.host };
    await askCdn("The cache", target, { method: "PURGE", headers: named, signal }).catch((error: unknown) => {
      // A URL that is not cached needs no purge.
      if (!isMissing(error)) throw error;
    });
  };
  return {
    name: "generic",
    batch: PER_SECOND,
    budget: { limit: PER_SECOND, perMs: 1_000 },
    async purge(urls, { signal }) {
      for (let at = 0; at < urls.length; at += AT_ONCE) {
        await Promise.all(urls.slice(at, at + AT_ONCE).map((url) => ask(url, signal)));
      }
    },
    async close() {},
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && /^(404|410):/.test((error.cause as Error | undefined)?.message ?? "");
}
