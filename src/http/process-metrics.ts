import { Counter, Gauge, type Registry } from "prom-client";
import { GC_KINDS, type ProcessFigures } from "../engine/processes/figures.ts";

type Present = () => ProcessFigures[];
type Row = [labels: Record<string, string>, value: number];

/**
 * Metrics of processes, by role and name. Each new report replaces the previous counts.
 * @param present called for each metric of a response
 */
export function registerProcesses(registry: Registry, present: () => ProcessFigures[]): void {
  registerFigures(registry, present);
  registerScale(registry, present);
}

function registerFigures(registry: Registry, present: Present): void {
  const gauge = gaugeOf(registry, present);
  gauge("resident_memory_bytes", "Memory that a process has.", [], (one) => [[{}, one.residentBytes]]);
  gauge("heap_used_bytes", "Objects on the heap of a process.", [], (one) => [[{}, one.heapUsedBytes]]);
  gauge("heap_total_bytes", "The heap of a process.", [], (one) => [[{}, one.heapTotalBytes]]);
  gauge("external_memory_bytes", "Buffers outside of the heap.", [], (one) => [[{}, one.externalBytes]]);
  gauge("open_handles", "What keeps a process alive: sockets, timers, files.", [], (one) => [
    [{}, one.handles],
  ]);
  gauge(
    "event_loop_lag_seconds",
    "How late the event loop was over the last seconds: the median, the 99th percentile and the most.",
    ["quantile"],
    ({ lag }) => [
      [{ quantile: "0.5" }, lag.p50],
      [{ quantile: "0.99" }, lag.p99],
      [{ quantile: "1" }, lag.max],
    ],
  );
  gauge(
    "gc_longest_pause_seconds",
    "The longest pause of the collector over the last seconds.",
    [],
    (one) => [[{}, one.longestPauseSeconds]],
  );
  gauge("requests_in_flight", "Requests not answered yet, event streams aside.", [], (one) =>
    one.requestsInFlight === undefined ? [] : [[{}, one.requestsInFlight]],
  );
  const counter = counterOf(registry, present);
  counter("cpu_seconds_total", "Processor time.", [], (one) => [[{}, one.cpuSecondsTotal]]);
  counter("gc_pause_seconds_total", "Time in pauses of the collector.", ["kind"], ({ gc }) =>
    GC_KINDS.map((kind) => [{ kind }, gc[kind].seconds]),
  );
  counter("gc_pauses_total", "Pauses of the collector.", ["kind"], ({ gc }) =>
    GC_KINDS.map((kind) => [{ kind }, gc[kind].count]),
  );
}

/** Metrics of supervisors and autoscalers. */
function registerScale(registry: Registry, present: Present): void {
  const scaling = () => present().filter((one) => one.scale !== undefined);
  const gauge = gaugeOf(registry, scaling, "millrace_scale_");
  gauge("workers_wanted", "Workers that demand asks for, within the limits.", [], ({ scale }) => [
    [{}, scale!.wanted],
  ]);
  gauge("workers", "Workers that run and take tasks.", [], ({ scale }) => [[{}, scale!.running]]);
  gauge("workers_limit", "How many workers there may be, at least and at most.", ["bound"], ({ scale }) => [
    [{ bound: "min" }, scale!.min],
    [{ bound: "max" }, scale!.max],
  ]);
  const counter = counterOf(registry, scaling, "millrace_scale_");
  counter("changes_total", "Workers that were started or ended to follow demand.", ["direction"], (one) => [
    [{ direction: "up" }, one.scale!.upTotal],
    [{ direction: "down" }, one.scale!.downTotal],
  ]);
  counter(
    "interrupted_tasks_total",
    "Tasks that did not end before their worker, when it was scaled in.",
    [],
    (one) => [[{}, one.scale!.interruptedTotal]],
  );
}

const OF_PROCESSES = "millrace_process_";
const PROCESS_LABELS = ["role", "process"];

function gaugeOf(registry: Registry, present: Present, prefix = OF_PROCESSES) {
  return (name: string, help: string, labels: string[], rows: (one: ProcessFigures) => Row[]) =>
    new Gauge({
      ...{ name: `${prefix}${name}`, help, registers: [registry] },
      labelNames: [...PROCESS_LABELS, ...labels],
      collect() {
        this.reset();
        for (const one of present())
          for (const [more, value] of rows(one))
            this.set({ role: one.role, process: one.process, ...more }, value);
      },
    });
}

/** The process keeps the count, so each report replaces the last one. */
function counterOf(registry: Registry, present: Present, prefix = OF_PROCESSES) {
  return (name: string, help: string, labels: string[], rows: (one: ProcessFigures) => Row[]) =>
    new Counter({
      ...{ name: `${prefix}${name}`, help, registers: [registry] },
      labelNames: [...PROCESS_LABELS, ...labels],
      collect() {
        this.reset();
        for (const one of present())
          for (const [more, value] of rows(one))
            this.inc({ role: one.role, process: one.process, ...more }, value);
      },
    });
}
