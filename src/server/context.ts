import type { FastifyBaseLogger } from "fastify";
import type { Accounts } from "../accounts/accounts.ts";
import type { OwnerQuotas } from "../accounts/quotas.ts";
import type { Shares } from "../accounts/shares.ts";
import type { Engine } from "../engine/engine.ts";
import type { Presets } from "../engine/presets.ts";
import type { Access } from "../replica/access.ts";
import type { EventHub } from "./events/event-hub.ts";
import type { EventStreams } from "./events/event-streams.ts";
import type { ReplayTurns } from "./events/replay-turns.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { UnservedWatch } from "./unserved-watch.ts";

/** What the routes stand on. */
export interface ServerContext {
  engine: Engine;
  hub: EventHub;
  streams: EventStreams;
  replays: ReplayTurns;
  metrics: Metrics;
  unserved: UnservedWatch;
  limits: Limits;
  logger: FastifyBaseLogger;
  /** Maps that all processes keep in memory; `null` where there are none. */
  access: Access | null;
  /** `null` where there are none. */
  presets: Presets | null;
  /** `null`: everything belongs to one local user. */
  accounts: Accounts | null;
  /** `null`: owners may have any number of anything. */
  quotas: OwnerQuotas | null;
  shares: Shares;
  /** The address that clients see, where it is not the one they send as `Host`. */
  publicUrl: string | null;
}
