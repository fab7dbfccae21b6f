import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Access } from "../replica/access.ts";
import type { Authz } from "./authz.ts";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30];

/** The maps of this process, and how long revocations take to arrive. */
export function registerReplica(registry: Registry, access: Access): void {
  const revocation = new Histogram({
    name: "millrace_revocation_seconds",
    help: "Time from the revocation of a token until this process refuses it. Measured every 5 s with a test token.",
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
  gauge(
    "millrace_replica_age_seconds",
    "Seconds since a map was last confirmed to be complete.",
    ({ ageMs }) => (ageMs === null ? Number.POSITIVE_INFINITY : ageMs / 1_000),
  );
  gauge(
    "millrace_replica_version",
    "Version of the last change to a map that this process has seen.",
    (map) => map.version,
  );
  gauge("millrace_replica_entries", "Entries in a map.", (map) => map.entries);
  gauge(
    "millrace_replica_reads",
    "Number of times that changes to a map were read from the store.",
    (map) => map.reads,
  );
  new Gauge({
    name: "millrace_replica_stale",
    help: "1 while the in-memory data may be out of date.",
    registers: [registry],
    collect() {
      this.set(access.state().isStale ? 1 : 0);
    },
  });
}

/** Checks answered by this process. */
export function registerChecks(registry: Registry, authz: Pick<Authz, "counts">): void {
  new Counter({
    ...{ name: "millrace_authz_checks_total", help: "Access checks, by the status of the response." },
    ...{ labelNames: ["status"], registers: [registry] },
    collect() {
      this.reset();
      for (const [status, count] of Object.entries(authz.counts().byStatus)) this.inc({ status }, count);
    },
  });
  new Counter({
    name: "millrace_authz_stale_total",
    help: "Access checks answered from the last known state.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(authz.counts().stale);
    },
  });
}
