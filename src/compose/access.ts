import type { Drops } from "../engine/messages/drops.ts";
import type { Bus } from "../ports/bus.ts";
import type { Store } from "../ports/store/store.ts";
import { type Access, createAccess } from "../replica/access.ts";
import type { Replica } from "../replica/replica.ts";
import type { Config } from "./config.ts";

/** Access decisions from this process's memory. Users of a map declare it first; `start` then loads all of them. */
export function accessOf(
  config: Config,
  replica: Replica,
  { bus, store, drops }: { bus: Bus; store: Pick<Store, "now">; drops: Drops },
): Access {
  return createAccess({
    ...{ replica, bus },
    now: store.now,
    // If nobody signs in, there is nothing to revoke.
    measures: config.auth === "on" || config.authzIssuer !== null,
    maxStaleMs: config.authzMaxStale * 1_000,
    onMalformed: () => drops.add("bus", "malformed", "replica"),
  });
}
