import { hostname } from "node:os";
import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
} from "node:perf_hooks";
import { GC_KINDS, type GcKind, type ProcessFigures, type ProcessRole } from "./figures.ts";

const LAG_RESOLUTION_MS = 10;
const NS = 1e9;

/** Node's type; the standard one has no `detail`. */
interface PerformanceNodeEntry extends PerformanceEntry {
  detail: { kind: number };
}

const kinds: Record<number, GcKind> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

export interface ProcessMeter {
  /** Usage of this process; some fields cover the time since the last call. */
  read(): ProcessFigures;
  close(): void;
}

/** Measures this process from now on. Event loop figures describe the calling thread. */
export function measureProcess(role: ProcessRole): ProcessMeter {
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  const gc = Object.fromEntries(
    GC_KINDS.map((kind) => [kind, { count: 0, seconds: 0 }]),
  ) as ProcessFigures["gc"];
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as PerformanceNodeEntry[]) {
      const kind = kinds[detail.kind];
      if (!kind) continue;
      const seconds = duration / 1_000;
      gc[kind].count++;
      gc[kind].seconds += seconds;
      longest = Math.max(longest, seconds);
    }
  });
  observer.observe({ entryTypes: ["gc"] });

  return {
    read() {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      const figures: ProcessFigures = {
        role,
        process: processName(),
        residentBytes: rss,
        heapUsedBytes: heapUsed,
        heapTotalBytes: heapTotal,
        externalBytes: external,
        cpuSecondsTotal: (user + system) / 1e6,
        handles: process.getActiveResourcesInfo().length,
        lag: lagOf(delay),
        gc: structuredClone(gc),
        longestPauseSeconds: longest,
      };
      delay.reset();
      longest = 0;
      return figures;
    },
    close() {
      delay.disable();
      observer.disconnect();
    },
  };
}

/** The measuring timer is itself due only every `LAG_RESOLUTION_MS`, so only the excess is lag. */
function lagOf(delay: { percentile(p: number): number; max: number; count: number }): ProcessFigures["lag"] {
  if (delay.count === 0) return { p50: 0, p99: 0, max: 0 };
  const seconds = (ns: number) => Math.max(0, ns / NS - LAG_RESOLUTION_MS / 1_000);
  return { p50: seconds(delay.percentile(50)), p99: seconds(delay.percentile(99)), max: seconds(delay.max) };
}

/** Process ids are unique only per host. */
export function processName(): string {
  return `${hostname()}-${process.pid}`;
}
