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
import { webhooks } from "./0030-webhooks.ts";
import { webhookTries } from "./0031-webhook-tries.ts";
import { notices } from "./0035-notices.ts";
import { noticeCursors } from "./0036-notice-cursors.ts";
import { notifyCalls } from "./0037-notify-calls.ts";
import { workerDrains } from "./0040-worker-drains.ts";
import { history } from "./0041-history.ts";
import { operations } from "./0042-operations.ts";
import { audit } from "./0043-audit.ts";
import { aiUsage } from "./0048-ai-usage.ts";
import { aiAnswers } from "./0049-ai-answers.ts";
import { pictures } from "./0050-pictures.ts";
import { publications } from "./0051-publications.ts";
import { archiveDownloads } from "./0055-archive-downloads.ts";
import type { Migration } from "./migration.ts";

export type { Migration } from "./migration.ts";

/** In order; append new ones. */
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
  webhooks,
  webhookTries,
  notices,
  noticeCursors,
  notifyCalls,
  workerDrains,
  history,
  operations,
  audit,
  aiUsage,
  aiAnswers,
  pictures,
  publications,
  archiveDownloads,
];
