import { LISTENING } from "./installation.ts";

/** An output line of `npm run scale`. */
export interface Measured {
  workers: number;
  processes: number;
  apis: number;
  broker: string;
  step: number;
  load: number;
  offered: number;
  started: number;
  ended: number;
  startMs: { p50: number; p99: number };
  msPerSecond: { database: number; api?: number; worker?: number };
  othersMsPerSecond: number;
  calls: { commit: number; notify: number };
  connections: number;
  waits: Record<string, number>;
  machineLoad: number;
}

/** CPU time in ms, of the database unless stated otherwise. */
export interface Costs {
  /** Per transaction, regardless of its size. */
  commit: number;
  /** Per reservation, creation, claim, or settlement in a transaction. */
  command: number;
  /** Per connection woken by a notification, including the look for deliveries that follows. */
  wake: number;
  /** Per running task and second, to renew its lease. */
  running: number;
  /** Per idle process and second; `idleEach` comes on top for every process that exists. */
  idle: number;
  idleEach: number;
  /** CPU time of the API per task; `worker` is that of a worker. */
  api: number;
  worker: number;
  /** Time that a commit waits for the disk; not CPU time. */
  flush: number;
}

const COMMANDS = 4;
const ROUNDS = 20_000;

/** Finds the costs that best explain the measured CPU times: least squares of relative errors, without negatives. */
export function fitCosts(measured: readonly Measured[]): Costs {
  const rows = measured.map(({ processes, apis, started, step, calls, msPerSecond }) => {
    const all = processes + apis;
    const woken = calls.notify * LISTENING * all;
    const shares = [calls.commit, COMMANDS * started, woken, started * step, all, all * all];
    return shares.map((share) => share / msPerSecond.database);
  });
  const costs = [0.1, 0.1, 0.01, 0.01, 0.1, 0.001];
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < costs.length; n++) {
      let [over, under] = [0, 0];
      for (const row of rows) {
        const rest = 1 - row.reduce((sum, share, k) => (k === n ? sum : sum + share * costs[k]!), 0);
        over += rest * row[n]!;
        under += row[n]! ** 2;
      }
      costs[n] = Math.max(0, under === 0 ? 0 : over / under);
    }
  }
  const [commit, command, wake, running, idle, idleEach] = costs as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const working = measured.filter(({ started }) => started > 0);
  // Where idling matters least.
  const busiest = working.toSorted((a, b) => b.started / b.processes - a.started / a.processes)[0]!;
  const flushing = sum(working, ({ waits }) => (waits["IO/WALSync"] ?? 0) + (waits["LWLock/WALWrite"] ?? 0));
  return {
    commit,
    command,
    wake,
    running,
    idle,
    idleEach,
    api: (busiest.msPerSecond.api ?? 0) / busiest.started,
    worker: (busiest.msPerSecond.worker ?? 0) / busiest.started,
    flush: (1_000 * flushing) / sum(working, ({ calls }) => calls.commit),
  };
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((all, row) => all + of(row), 0);
}
