import type { Registry } from "prom-client";
import type { Engine } from "../../engine/engine.ts";
import { topics } from "../../engine/messages/topics.ts";
import { GONE_MS, type ProcessFigures, type ProcessReport } from "../../engine/processes/figures.ts";
import { measureProcess } from "../../engine/processes/meter.ts";
import { registerProcesses } from "../../http/process-metrics.ts";
import type { Subscription } from "../../ports/bus.ts";

export interface ProcessMetrics extends Subscription {
  /** Takes a report from a process that sends it to this one directly, as a supervisor does. */
  hear(report: ProcessReport): void;
}

/** All metrics within this time belong to one scrape, and show the same moment. */
const SAME_ANSWER_MS = 500;
/** Maximum number of processes. The one silent for the longest makes room. */
const MAX_PROCESSES = 2_000;

/**
 * Resource usage of each process of the installation: this one, and those that report. When a process exits or stops
 * reporting, its series disappear.
 * @param inFlight requests that this process has not answered yet
 */
export async function countProcesses(
  registry: Registry,
  { bus, messages }: Pick<Engine, "bus" | "messages">,
  inFlight: () => number,
): Promise<ProcessMetrics> {
  const meter = measureProcess("api");
  const others = new Map<string, { figures: ProcessFigures; at: number }>();
  const hear = (report: ProcessReport) => {
    const name = "ended" in report ? report.ended : report.process;
    others.delete(name);
    if ("ended" in report) return;
    others.set(name, { figures: report, at: performance.now() });
    if (others.size > MAX_PROCESSES) others.delete(others.keys().next().value!);
  };
  let read: { at: number; own: ProcessFigures } | null = null;
  const present = (): ProcessFigures[] => {
    const now = performance.now();
    if (!read || now - read.at > SAME_ANSWER_MS)
      read = { at: now, own: { ...meter.read(), requestsInFlight: inFlight() } };
    for (const [name, { at }] of others) if (now - at > GONE_MS) others.delete(name);
    return [read.own, ...[...others.values()].map(({ figures }) => figures)];
  };
  registerProcesses(registry, present);
  const subscription = await bus.subscribe(topics.processes, (message) => {
    const report = messages.process(message);
    if (report) hear(report);
  });
  return {
    hear,
    async close() {
      meter.close();
      await subscription.close();
    },
  };
}
