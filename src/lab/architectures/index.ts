import type { Subject } from "./architecture.ts";
import { queued } from "./queued.ts";
import { instances, pool, synchronous } from "./synchronous.ts";

/** Everything that a study compares, in the original's order. */
export const subjects: readonly Subject[] = [
  synchronous,
  // The pool that collapsed in the first system, and the pool of the third.
  pool({ threads: 10, queue: 25, overflow: "caller-runs" }),
  pool({ threads: 4, queue: 100, overflow: "refuse" }),
  instances,
  queued("V3", "postgres"),
  queued("V4", "redis"),
  queued("V5", "rabbitmq"),
  queued("V6", "kafka"),
];
