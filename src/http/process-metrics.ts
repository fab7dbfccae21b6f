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
  gauge("resident_memory_bytes", "Resident memory of a process.", [], (one) => [[{}, one.residentBytes]]);
  gauge("heap_used_bytes", "Size of the objects on the heap.", [], (one) => [[{}, one.heapUsedBytes]]);
  gauge("heap_total_bytes", "Size of the heap.", [], (one) => [[{}, one.heapTotalBytes]]);
  gauge("external_memory_bytes", "Memory of buffers outside the heap.", [], (one) => [
    [{}, one.externalBytes],
  ]);
  gauge(
    "open_handles",
    "Open handles that keep a process alive, such as sockets, timers and files.",
    [],
    (one) => [[{}, one.handles]],
  );
  gauge(
    "event_loop_lag_seconds",
    "Event loop lag over the last seconds: median, 99th percentile and maximum.",
    ["quantile"],
    ({ lag }) => [
      [{ quantile: "0.5" }, lag.p50],
      [{ quantile: "0.99" }, lag.p99],
      [{ quantile: "1" }, lag.max],
    ],
  );
  gauge("gc_longest_pause_seconds", "Longest garbage collection pause over the last seconds.", [], (one) => [
    [{}, one.longestPauseSeconds],
  ]);
  gauge("requests_in_flight", "Requests in progress, without event streams.", [], (one) =>
    one.requestsInFlight === undefined ? [] : [[{}, one.requestsInFlight]],
  );
  const counter = counterOf(registry, present);
  counter("cpu_seconds_total", "Processor time used.", [], (one) => [[{}, one.cpuSecondsTotal]]);
  counter("gc_pause_seconds_total", "Time spent in garbage collection pauses.", ["kind"], ({ gc }) =>
    GC_KINDS.map((kind) => [{ kind }, gc[kind].seconds]),
  );
  counter("gc_pauses_total", "Garbage collection pauses.", ["kind"], ({ gc }) =>
    GC_KINDS.map((kind) => [{ kind }, gc[kind].count]),
  );
}

/** Metrics of supervisors and autoscalers. */
function registerScale(registry: Registry, present: Present): void {
  const scaling = () => present().filter((one) => one.scale !== undefined);
  const gauge = gaugeOf(registry, scaling, "millrace_scale_");
  gauge("workers_wanted", "Workers that demand calls for, within the limits.", [], ({ scale }) => [
    [{}, scale!.wanted],
  ]);
  gauge("workers", "Running workers that take tasks.", [], ({ scale }) => [[{}, scale!.running]]);
  gauge("workers_limit", "Minimum and maximum number of workers.", ["bound"], ({ scale }) => [
    [{ bound: "min" }, scale!.min],
    [{ bound: "max" }, scale!.max],
  ]);
  const counter = counterOf(registry, scaling, "millrace_scale_");
  counter("changes_total", "Workers started or stopped to follow demand.", ["direction"], (one) => [
    [{ direction: "up" }, one.scale!.upTotal],
    [{ direction: "down" }, one.scale!.downTotal],
  ]);
  counter(
    "interrupted_tasks_total",
    "Unfinished tasks of workers that were stopped to follow demand.",
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
