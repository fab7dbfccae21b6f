import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Authz } from "../../authz/authz.ts";
import { registerChecks, registerReplica } from "../../authz/metrics.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Access } from "../../replica/access.ts";
import type { EventStreams } from "../events/event-streams.ts";
import { countSteps } from "./step-metrics.ts";
import { registerStoreGauges } from "./store-gauges.ts";

export interface Metrics {
  readonly contentType: string;
  /** @param route the pattern, not the address: its values are few */
  answered(method: string, route: string, status: number, seconds: number): void;
  uploaded(bytes: number): void;
  text(): Promise<string>;
  close(): Promise<void>;
}

const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/**
 * @param streams the event streams that are open
 * @param takeLostLines lines of this process's log that were lost since the last call
 * @param parts.access maps that this process keeps in memory
 */
export async function createMetrics(
  engine: Pick<Engine, "store" | "bus" | "pipelines" | "messages" | "drops">,
  streams: Pick<EventStreams, "count" | "unread">,
  takeLostLines: () => number = () => 0,
  { access = null, authz = null }: { access?: Access | null; authz?: Authz | null } = {},
): Promise<Metrics> {
  const registry = new Registry();
  // Process memory and CPU, garbage collection, and the delay of the event loop.
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "millrace_http_request_duration_seconds",
    help: "Requests answered, by route and status.",
    labelNames: ["method", "route", "status"],
    buckets: BOUNDS,
    registers: [registry],
  });
  const uploads = new Counter({
    name: "millrace_upload_bytes_total",
    help: "Bytes of files that were received.",
    registers: [registry],
  });
  new Gauge({
    name: "millrace_sse_clients",
    help: "Event streams that are open.",
    registers: [registry],
    collect() {
      this.set(streams.count());
    },
  });
  new Gauge({
    name: "millrace_sse_unread_bytes",
    help: "Bytes that clients of event streams have not taken.",
    registers: [registry],
    collect() {
      this.set(streams.unread());
    },
  });
  if (access) registerReplica(registry, access);
  if (authz) registerChecks(registry, authz);
  const stored = registerStoreGauges(registry, engine);
  const steps = await countSteps(registry, engine, takeLostLines);
  // Finding a histogram's child by labels costs more than observing.
  const children = new Map<string, { observe(value: number): void }>();

  return {
    contentType: registry.contentType,
    answered(method, route, status, seconds) {
      const key = `${method} ${status} ${route}`;
      let child = children.get(key);
      if (!child) {
        child = requests.labels(method, route, String(status));
        children.set(key, child);
      }
      child.observe(seconds);
    },
    uploaded(bytes) {
      uploads.inc(bytes);
    },
    async text() {
      await stored.refresh();
      return registry.metrics();
    },
    async close() {
      registry.clear();
      await steps.close();
    },
  };
}
