import { Gauge, type Registry } from "prom-client";
import { webhookFigures } from "../../database/webhook-figures.ts";
import type { Engine } from "../../engine/engine.ts";

const FRESH_MS = 5_000;

/** Endpoints and deliveries, read from the records on scrapes, at most every 5 s. */
export function registerWebhooks(
  registry: Registry,
  { database, store }: Pick<Engine, "database" | "store">,
): { refresh(): Promise<void> } {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const endpoints = gauge("millrace_webhook_endpoints", "Webhook endpoints, by state.", ["state"]);
  const due = gauge("millrace_webhook_deliveries_due", "Deliveries whose next attempt is due.", []);
  const overdue = gauge(
    "millrace_webhook_overdue_seconds",
    "Seconds that the longest overdue attempt has been due.",
    [],
  );
  const ended = gauge("millrace_webhook_ended_deliveries", "Deliveries that ended over the last minute.", [
    "state",
  ]);
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    readAt = performance.now();
    endpoints.reset();
    ended.reset();
    try {
      const figures = await webhookFigures(database, store.now());
      for (const [state, count] of Object.entries(figures.endpoints)) endpoints.set({ state }, count);
      for (const [state, count] of Object.entries(figures.ended)) ended.set({ state }, count);
      due.set(figures.due);
      overdue.set(figures.overdueMs / 1_000);
    } catch {
      // `millrace_store_up` says why they are absent.
      due.remove();
      overdue.remove();
    }
  }

  return {
    refresh() {
      if (performance.now() - readAt < FRESH_MS) return Promise.resolve();
      reading ??= read().finally(() => {
        reading = null;
      });
      return reading;
    },
  };
}
