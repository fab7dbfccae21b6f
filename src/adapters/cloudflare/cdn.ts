import { MillraceError } from "../../errors.ts";
import type { Cdn } from "../../ports/cdn.ts";
import { askCdn } from "../cdn-request.ts";

const API = "https://api.cloudflare.com/client/v4";
/** The limit on every plan but Enterprise, which takes 500. */
const BATCH = 30;
/** Addresses per second that zones on the free plan may purge. */
const PER_SECOND = 800;

export interface CloudflareSettings {
  zone: string;
  /** Needs the permission Zone, Cache Purge. */
  token: string;
  /** @default 30 */
  batch?: number;
  /** @default Cloudflare's own */
  api?: string;
}

/** https://developers.cloudflare.com/api/resources/cache/methods/purge/ */
export function cloudflareCdn({ zone, token, batch = BATCH, api = API }: CloudflareSettings): Cdn {
  return {
    name: "cloudflare",
    batch,
    budget: { limit: PER_SECOND, perMs: 1_000 },
    async purge(files, { signal }) {
      const url = `${api}/zones/${encodeURIComponent(zone)}/purge_cache`;
      const headers = { authorization: `Bearer ${token}` };
      const text = await askCdn("Cloudflare", url, { method: "POST", headers, body: { files }, signal });
      if (!isSuccess(text)) {
        throw new MillraceError(
          "provider_unavailable",
          "Cloudflare did not confirm that it cleared the addresses.",
          {
            cause: new Error(text.slice(0, 300)),
          },
        );
      }
    },
    async close() {},
  };
}

function isSuccess(text: string): boolean {
  try {
    return (JSON.parse(text) as { success?: unknown }).success === true;
  } catch {
    return false;
  }
}
