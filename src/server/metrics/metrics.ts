import { Counter, collectDefaultMetrics, Gauge, Histogram } from "prom-client";
import type { Authz } from "../../authz/authz.ts";
import { registerChecks, registerReplica } from "../../authz/metrics.ts";
import type { Engine } from "../../engine/engine.ts";
import { traceIdOf } from "../../engine/tracing.ts";
import type { Access } from "../../replica/access.ts";
import type { EventStreams } from "../events/event-streams.ts";
import { registerBroker } from "./broker-metrics.ts";
import { countModels } from "./model-metrics.ts";
import { twoFormats } from "./open-metrics.ts";
import { countProcesses, type ProcessMetrics } from "./process-metrics.ts";
import { countSteps } from "./step-metrics.ts";
import { registerStoreGauges } from "./store-gauges.ts";
import { registerWebhooks } from "./webhook-metrics.ts";

export interface Metrics {
  /** Call it when a request arrives. @returns call this when its connection is done */
  began(): () => void;
  /**
   * @param route the pattern rather than the path, which keeps label values few
   * @param traceparent of the request, for the exemplar
   */
  answered(method: string, route: string, status: number, seconds: number, traceparent?: string): void;
  uploaded(bytes: number): void;
  /** Takes reports of processes that send them to this one directly. */
  readonly hearProcess: ProcessMetrics["hear"];
  /** @param openMetrics include exemplars, which only this format supports */
  render(openMetrics: boolean): Promise<{ contentType: string; body: string }>;
  close(): Promise<void>;
}

const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/**
 * @param streams the open event streams
 * @param takeLostLines returns the log lines that this process lost since the last call
 * @param parts.access in-memory maps of this process
 */
export async function createMetrics(
  engine: Pick<Engine, "ai" | "store" | "database" | "bus" | "broker" | "pipelines" | "messages" | "drops">,
  streams: Pick<EventStreams, "count" | "unread">,
  takeLostLines: () => number = () => 0,
  { access = null, authz = null }: { access?: Access | null; authz?: Authz | null } = {},
): Promise<Metrics> {
  const { registry, withExemplars, render, clear } = twoFormats();
  // Process memory and CPU, garbage collection, and event loop delay.
  collectDefaultMetrics({ register: registry });
  const requests = withExemplars(
    (registers) =>
      new Histogram({
        name: "millrace_http_request_duration_seconds",
        help: "Duration of HTTP requests, by route and status.",
        labelNames: ["method", "route", "status"],
        buckets: BOUNDS,
        enableExemplars: true,
        registers,
      }),
  );
  const uploads = new Counter({
    name: "millrace_upload_bytes_total",
    help: "Bytes of files received.",
    registers: [registry],
  });
  new Gauge({
    name: "millrace_sse_clients",
    help: "Open event streams.",
    registers: [registry],
    collect() {
      this.set(streams.count());
    },
  });
  new Gauge({
    name: "millrace_sse_unread_bytes",
    help: "Bytes buffered for clients of event streams that have not read them yet.",
    registers: [registry],
    collect() {
      this.set(streams.unread());
    },
  });
  if (access) registerReplica(registry, access);
  if (authz) registerChecks(registry, authz);
  const stored = registerStoreGauges(registry, engine);
  const broker = registerBroker(registry, engine.broker);
  const webhooks = registerWebhooks(registry, engine);
  let inFlight = 0;
  const processes = await countProcesses(registry, engine, () => inFlight);
  const steps = await countSteps(registry, withExemplars, engine, takeLostLines);
  const models = await countModels(registry, engine);
  // Finding a histogram's child by labels costs more than observing.
  const children = new Map<string, { observe(value: number): void }>();

  return {
    began() {
      inFlight++;
      return () => {
        inFlight--;
      };
    },
    answered(method, route, status, seconds, traceparent) {
      const key = `${method} ${status} ${route}`;
      let child = children.get(key);
      if (!child) {
        child = requests.labels(method, route, String(status));
        children.set(key, child);
      }
      const trace = traceIdOf(traceparent);
      if (trace === undefined) return child.observe(seconds);
      const labels = { method, route, status: String(status) };
      requests.observe({ labels, value: seconds, exemplarLabels: { trace_id: trace } });
    },
    uploaded(bytes) {
      uploads.inc(bytes);
    },
    hearProcess: processes.hear,
    async render(openMetrics) {
      await Promise.all([stored.refresh(), broker.refresh(), webhooks.refresh()]);
      return render(openMetrics);
    },
    async close() {
      clear();
      await Promise.all([steps.close(), processes.close(), models.close()]);
    },
  };
}
