import {
  type Counter,
  type Gauge,
  type Histogram,
  type Metric,
  type OpenMetricsContentType,
  Registry,
} from "prom-client";

/** Whether a scraper accepts OpenMetrics, the only format with exemplars. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  return accept !== undefined && /\bapplication\/openmetrics-text\b/.test(accept);
}

/**
 * Metrics of one registry in two formats. Histograms made with `withExemplars` carry exemplars. The client library
 * supports those in OpenMetrics registries only, and permanently renames the counters there.
 */
export function twoFormats() {
  const text = new Registry();
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return {
    /** Register metrics here. */
    registry: text,
    /** Makes a histogram whose observations can link to a trace. */
    withExemplars<T extends Histogram>(make: (registers: Registry<OpenMetricsContentType>[]) => T): T {
      const made = make([open]);
      text.registerMetric(made as never);
      return made;
    },
    async render(asOpenMetrics: boolean): Promise<{ contentType: string; body: string }> {
      if (!asOpenMetrics) return { contentType: text.contentType, body: await text.metrics() };
      open.clear();
      for (const metric of text.getMetricsAsArray()) open.registerMetric(forOpenMetrics(metric as never));
      return { contentType: open.contentType, body: await open.metrics() };
    },
    clear() {
      text.clear();
      open.clear();
    },
  };
}

/** OpenMetrics names a counter without `_total`, and the registry adds the suffix to its samples. */
function forOpenMetrics(metric: (Counter | Gauge | Histogram) & { name: string; type: string }): Metric {
  if (metric.type !== "counter") return metric as never;
  const name = metric.name.replace(/_total$/, "");
  const get = async () => ({ ...(await metric.get()), name });
  return { name, type: metric.type, get } as never;
}
