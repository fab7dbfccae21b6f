import { Gauge, type Registry } from "prom-client";
import type { Broker } from "../../ports/broker.ts";

const FRESH_MS = 5_000;

/** Whether the broker responds, and how fast. Measured on scrapes, at most every 5 s. */
export function registerBroker(registry: Registry, broker: Broker): { refresh(): Promise<void> } {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ["broker"], registers: [registry] });
  const up = gauge("millrace_broker_up", "1 while the broker responds.");
  const answer = gauge("millrace_broker_answer_seconds", "Response time of the broker.");
  let readAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const began = performance.now();
    const labels = { broker: broker.name };
    try {
      await broker.health();
      up.set(labels, 1);
      answer.set(labels, (performance.now() - began) / 1_000);
    } catch {
      up.set(labels, 0);
      answer.reset();
    }
    readAt = performance.now();
  }

  return {
    refresh() {
      if (performance.now() - readAt < FRESH_MS) return Promise.resolve();
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
  };
}
