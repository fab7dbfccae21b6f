import { uploads } from "./0001-uploads.ts";
import { chores } from "./0002-chores.ts";
import { schedules } from "./0003-schedules.ts";
import { inbox } from "./0008-inbox.ts";
import { users } from "./0010-users.ts";
import { apiKeys } from "./0011-api-keys.ts";
import { usage } from "./0012-usage.ts";
import { shares } from "./0013-shares.ts";
import { identities } from "./0014-identities.ts";
import { replica } from "./0020-replica.ts";
import type { Migration } from "./migration.ts";

export type { Migration } from "./migration.ts";

/** In their order; new ones come last. */
export const migrations: readonly Migration[] = [
  uploads,
  chores,
  schedules,
  inbox,
  users,
  apiKeys,
  usage,
  shares,
  identities,
  replica,
];
