import { setTimeout as sleep } from "node:timers/promises";
import { chooseToEnd } from "../autoscale/choose.ts";
import { type QueueDemand, workersFor } from "../autoscale/demand.ts";
import { followDemand, type ScaleRange } from "../autoscale/follow.ts";
import type { ProcessFigures } from "../engine/processes/figures.ts";
import type { WorkerRecord } from "../ports/store/tasks.ts";
import type { Supervisor } from "./supervisor.ts";

/** The work that is waiting, and the workers that take it. */
export interface Demand {
  queues: readonly QueueDemand[];
  workers: readonly Pick<WorkerRecord, "host" | "pid" | "queues" | "stopped">[];
  /** Work for workers outside the queues, such as due webhook deliveries. */
  other: number;
}

export interface FleetOptions {
  supervisor: Pick<Supervisor, "add" | "retire" | "children" | "pids">;
  range: ScaleRange;
  /** Time within which tasks should start. */
  targetWaitSeconds: number;
  /** How long demand must have been lower before scaling in, ms. */
  downMs: number;
  /** Arguments of a worker's command. */
  args: string[];
  host: string;
  read(): Promise<Demand>;
  onError(error: Error): void;
}

export interface Fleet {
  /** New work may have arrived: checks at once. */
  poke(): void;
  figures(): NonNullable<ProcessFigures["scale"]>;
  /** Stops scaling; running workers remain the supervisor's. */
  close(): Promise<void>;
}

/** Interval between checks without a poke. */
const LOOK_MS = 1_000;
const PAUSE_MS = 100;

/** Keeps as many workers running as the demand requires. */
export function startFleet(options: FleetOptions): Fleet {
  const { supervisor, range } = options;
  const follower = followDemand(range, options.downMs);
  const stop = new AbortController();
  const names = new Set<string>();
  /** Concurrency by queue, as last reported by a worker. It does not change while this process runs. */
  let slots = new Map<string, number>();
  const scale = {
    ...{ wanted: range.min, running: 0, min: range.min, max: range.max },
    ...{ upTotal: 0, downTotal: 0, interruptedTotal: 0 },
  };
  let poked = Promise.withResolvers<void>();

  function add(): void {
    let n = 1;
    while (names.has(`worker ${n}`)) n++;
    const name = `worker ${n}`;
    names.add(name);
    supervisor.add({ name, args: options.args });
  }

  async function retire(name: string): Promise<void> {
    scale.interruptedTotal += await supervisor.retire(name);
    names.delete(name);
  }

  const mine = () => supervisor.children().filter(({ name }) => names.has(name));

  async function look(): Promise<void> {
    const { queues, workers, other } = await options.read();
    const present = workers.filter((worker) => !worker.stopped);
    const pids = new Set(Object.values(supervisor.pids()));
    const isOurs = ({ host, pid }: { host: string; pid: number }) => host === options.host && pids.has(pid);
    for (const worker of present) if (isOurs(worker)) slots = new Map(Object.entries(worker.queues));
    const wanted = Math.max(wantedFor(queues), Math.min(1, other));
    const elsewhere = present.filter((worker) => !isOurs(worker)).length;
    const next = follower.next(Math.max(0, wanted - elsewhere), performance.now());
    scale.wanted = Math.max(range.min, Math.min(range.max, wanted));
    const children = mine();
    scale.running = children.filter(({ isReady }) => isReady).length;
    for (let n = children.length; n < next; n++) {
      add();
      scale.upTotal++;
    }
    const candidates = children.map(({ name, running, addedAt }) => ({ name, running, startedAt: addedAt }));
    for (const name of chooseToEnd(candidates, children.length - next)) {
      scale.downTotal++;
      void retire(name);
    }
  }

  /** The first worker reports what workers consume; until then, one worker is wanted if anything waits. */
  function wantedFor(queues: readonly QueueDemand[]): number {
    if (slots.size > 0) return workersFor(queues, slots, options.targetWaitSeconds);
    return queues.some(({ ready, paused }) => ready > 0 && !paused) ? 1 : 0;
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await look().catch((error: Error) => {
        if (!stop.signal.aborted) options.onError(error);
      });
      await Promise.race([poked.promise, sleep(LOOK_MS, undefined, { signal: stop.signal })]).catch(() => {});
      poked = Promise.withResolvers();
      await sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  for (let n = 0; n < range.min; n++) add();
  const running = run();
  return {
    poke: () => poked.resolve(),
    figures: () => ({ ...scale, running: mine().filter(({ isReady }) => isReady).length }),
    async close() {
      stop.abort();
      await running;
    },
  };
}
