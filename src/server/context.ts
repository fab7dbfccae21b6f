import type { FastifyBaseLogger } from "fastify";
import type { Accounts } from "../accounts/accounts.ts";
import type { OwnerQuotas } from "../accounts/quotas.ts";
import type { Shares } from "../accounts/shares.ts";
import type { Engine } from "../engine/engine.ts";
import type { Presets } from "../engine/presets.ts";
import type { Notices } from "../notices/notices.ts";
import type { Access } from "../replica/access.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { EventHub } from "./events/event-hub.ts";
import type { EventStreams } from "./events/event-streams.ts";
import type { ReplayTurns } from "./events/replay-turns.ts";
import type { DownloadWatch } from "./files/download-watch.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { UnservedWatch } from "./unserved-watch.ts";

/** What the routes depend on. */
export interface ServerContext {
  engine: Engine;
  hub: EventHub;
  streams: EventStreams;
  replays: ReplayTurns;
  metrics: Metrics;
  downloads: DownloadWatch;
  unserved: UnservedWatch;
  limits: Limits;
  /** Target time for tasks to start, in seconds, when the number of workers follows demand. */
  targetWaitSeconds: number;
  logger: FastifyBaseLogger;
  /** In-memory maps shared by all processes. `null` if there are none. */
  access: Access | null;
  /** `null` if presets are off. */
  presets: Presets | null;
  /** `null` if accounts are off: everything belongs to one local user. */
  accounts: Accounts | null;
  /** `null` if there are no quotas. */
  quotas: OwnerQuotas | null;
  shares: Shares;
  notices: Notices;
  webhooks: Webhooks;
  /** Base URL that clients use, if it differs from the `Host` they send. */
  publicUrl: string | null;
}
