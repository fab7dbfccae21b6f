import { z } from "zod";

export const PROCESS_ROLES = ["api", "worker", "authz", "supervisor", "autoscale"] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

export const GC_KINDS = ["minor", "major", "incremental", "weakcb"] as const;
export type GcKind = (typeof GC_KINDS)[number];

const amount = z.number().min(0).max(1e15);
const pauses = z.strictObject({ count: amount, seconds: amount });
const name = z.string().min(1).max(300);

/**
 * Resource usage of one process. Times are in seconds and sizes in bytes. Fields that end in `Total`, and the pauses of
 * the garbage collector, count from the start of the process; all others describe the present or the time since the
 * last report.
 */
export const processFigures = z.strictObject({
  role: z.enum(PROCESS_ROLES),
  /** Host and process id: unique among live processes. */
  process: name,
  residentBytes: amount,
  heapUsedBytes: amount,
  heapTotalBytes: amount,
  externalBytes: amount,
  cpuSecondsTotal: amount,
  /** Open handles (sockets, timers, files and the like) that keep the process alive. */
  handles: amount,
  /** Event loop lag. */
  lag: z.strictObject({ p50: amount, p99: amount, max: amount }),
  gc: z.record(z.enum(GC_KINDS), pauses),
  /** The longest garbage collection pause since the last report. */
  longestPauseSeconds: amount,
  /** Requests that an API process has not answered yet, excluding event streams. */
  requestsInFlight: amount.optional(),
  /** Identifies the process's broker: a fingerprint of its address. */
  broker: z.string().max(100).optional(),
  /** Reported by the process that starts and stops workers. */
  scale: z
    .strictObject({
      /** Workers that the demand calls for, within the limits. */
      wanted: amount,
      /** Worker processes that run and take tasks. */
      running: amount,
      min: amount,
      max: amount,
      upTotal: amount,
      downTotal: amount,
      /** Tasks returned or killed by scaling in. It waits for running tasks, so this should stay 0. */
      interruptedTotal: amount,
    })
    .optional(),
});

export type ProcessFigures = z.infer<typeof processFigures>;

/** On the bus, or from a supervisor: the figures of a process, or that it exited cleanly. */
export const processReport = z.union([processFigures, z.strictObject({ ended: name })]);
export type ProcessReport = z.infer<typeof processReport>;

/** How often a process reports its figures. */
export const REPORT_MS = 5_000;
/** A process silent for this long is gone: three reports are missing. */
export const GONE_MS = 3 * REPORT_MS + 1_000;
