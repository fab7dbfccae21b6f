import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Access } from "../replica/access.ts";
import type { Authz } from "./authz.ts";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30];

/** The maps of this process, and how long revocations take to arrive. */
export function registerReplica(registry: Registry, access: Access): void {
  const revocation = new Histogram({
    name: "millrace_revocation_seconds",
    help: "From the revocation of a token until this process refuses it, measured every 5 s with a token of its own.",
    buckets: BOUNDS,
    registers: [registry],
  });
  access.onRevoked((seconds) => revocation.observe(seconds));
  const gauge = (
    name: string,
    help: string,
    read: (state: ReturnType<Access["state"]>["maps"][number]) => number,
  ) =>
    new Gauge({
      ...{ name, help, labelNames: ["map"], registers: [registry] },
      collect() {
        for (const map of access.state().maps) this.set({ map: map.name }, read(map));
      },
    });
  gauge("millrace_replica_age_seconds", "Since a map was proven to be complete.", ({ ageMs }) =>
    ageMs === null ? Number.POSITIVE_INFINITY : ageMs / 1_000,
  );
  gauge(
    "millrace_replica_version",
    "The last change of a map that this process has seen.",
    (map) => map.version,
  );
  gauge("millrace_replica_entries", "Entries of a map.", (map) => map.entries);
  gauge("millrace_replica_reads", "How often changes of a map were read from the store.", (map) => map.reads);
  new Gauge({
    name: "millrace_replica_stale",
    help: "1 while what is in memory may be too old to be believed.",
    registers: [registry],
    collect() {
      this.set(access.state().isStale ? 1 : 0);
    },
  });
}

/** Checks answered by this process. */
export function registerChecks(registry: Registry, authz: Pick<Authz, "counts">): void {
  new Counter({
    ...{ name: "millrace_authz_checks_total", help: "Checks of access, by the status of their answer." },
    ...{ labelNames: ["status"], registers: [registry] },
    collect() {
      this.reset();
      for (const [status, count] of Object.entries(authz.counts().byStatus)) this.inc({ status }, count);
    },
  });
  new Counter({
    name: "millrace_authz_stale_total",
    help: "Checks of access that the last known state has answered.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(authz.counts().stale);
    },
  });
}
