import { createQuotas, type OwnerQuotas } from "../accounts/quotas.ts";
import type { Tables } from "../database/tables.ts";
import { usageRecords } from "../database/usage.ts";
import { userRecords } from "../database/users.ts";
import type { Database } from "../ports/database.ts";
import type { Store } from "../ports/store/store.ts";
import type { Config } from "./config.ts";

const MIB = 1024 * 1024;

/** Quotas of users; `null` if accounts are off, because everything then belongs to one user. */
export function openQuotas(config: Config, store: Store, database: Database<Tables>): OwnerQuotas | null {
  if (config.auth === "off") return null;
  const users = userRecords(database);
  // 0 means unlimited.
  const most = (limit: number) => (limit === 0 ? null : limit);
  return createQuotas({
    store,
    usage: usageRecords(database),
    overrides: async (owner) => (await users.byId(owner))?.quotas ?? {},
    usual: {
      jobs: most(config.quotaJobs),
      itemsPerDay: most(config.quotaItemsPerDay),
      storedBytes: most(config.quotaStoredMiB * MIB),
      requestsPerMinute: most(config.rateLimit),
      streams: config.quotaStreams,
    },
  });
}
