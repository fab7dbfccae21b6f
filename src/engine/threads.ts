import { availableParallelism } from "node:os";
import { Piscina } from "piscina";

/** Threads of a worker process for CPU-bound JavaScript. */
export interface Threads {
  run<In, Out>(module: URL, input: In, signal: AbortSignal): Promise<Out>;
  close(): Promise<void>;
}

/** Starts no thread before the first use. */
export function threadPool(): Threads {
  let pool: Piscina | null = null;
  return {
    run(module, input, signal) {
      pool ??= new Piscina({
        maxThreads: availableParallelism(),
        minThreads: 0,
        idleTimeout: 30_000,
        concurrentTasksPerWorker: 1,
      });
      return pool.run(input, { filename: module.href, signal });
    },
    async close() {
      await pool?.destroy();
    },
  };
}
