import { MillraceError } from "../errors.ts";
import type { Purger } from "../pipelines/cdn-purge/index.ts";
import type { Cdn } from "../ports/cdn.ts";
import { openLimiter, type Wiring } from "./adapters.ts";
import type { CdnSettings } from "./cdn-settings.ts";

/** Purges cached copies of published files, within the network's limits; `null` if the settings name no network. */
export async function openPurger(wiring: Wiring): Promise<(Purger & { close(): Promise<void> }) | null> {
  const { cdn: settings, cdnUrl } = wiring.config;
  if (settings === null) return null;
  if (cdnUrl === null) {
    throw new MillraceError(
      "config_invalid",
      "MILLRACE_CDN needs MILLRACE_CDN_URL, the beginning of all public addresses.",
    );
  }
  const cdn = await openCdn(settings);
  const limiter = await openLimiter(wiring);
  const budget = { ...cdn.budget, key: `cdn ${cdn.name}` };
  return {
    network: cdn.name,
    base: cdnUrl,
    batch: cdn.batch,
    take: (amount) => limiter.take([{ ...budget, amount }]),
    purge: cdn.purge,
    async close() {
      await Promise.all([cdn.close(), limiter.close()]);
    },
  };
}

async function openCdn(settings: CdnSettings): Promise<Cdn> {
  switch (settings.network) {
    case "cloudfront":
      return (await import("../adapters/aws/cdn.ts").catch(missing)).cloudFrontCdn(settings);
    case "cloudflare":
      return (await import("../adapters/cloudflare/cdn.ts")).cloudflareCdn(settings);
    case "fastly":
      return (await import("../adapters/fastly/cdn.ts")).fastlyCdn(settings);
    case "generic":
      return (await import("../adapters/http/cdn.ts")).genericCdn(settings);
  }
}

function missing(error: unknown): never {
  if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
  const text =
    "MILLRACE_CDN names cloudfront, which needs the package @aws-sdk/client-cloudfront. Run: npm install @aws-sdk/client-cloudfront";
  throw new MillraceError("config_invalid", text, { cause: error });
}
