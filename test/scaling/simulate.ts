/**
 * `npm run scale:simulate -- FILE`: what larger databases and more processes would do. Takes the costs from output
 * lines of `npm run scale`, simulates the conditions of each line, and prints both side by side; then prints the
 * simulation for many workers. The result depends only on the file and the seed.
 */
import { readFileSync } from "node:fs";
import { readArguments } from "../../scripts/arguments.ts";
import { table } from "../../scripts/matrix/page.ts";
import { type Costs, fitCosts, type Measured } from "./simulation/costs.ts";
import { type Outcome, simulate } from "./simulation/installation.ts";

const SEED = 1;
/** Of the machine that measured. */
const CORES = 2;

/**
 * Compares measurements with the simulation under the same conditions. The real wait lies between those simulated on
 * the whole machine and on the share that others left, because processes that need little CPU time run first.
 */
export function compare(costs: Costs, measured: readonly Measured[]): string {
  const rows = measured.map((one) => {
    const { workers, processes, apis, step, offered, started, calls, startMs, msPerSecond } = one;
    const left = Math.max(0.1, 1 - one.othersMsPerSecond / (CORES * 1_000));
    const [whole, rest] = [1, left].map((speed) =>
      simulate(costs, {
        workers,
        slots: Math.ceil(workers / processes),
        apis,
        step,
        rate: offered,
        cores: CORES,
        shared: true,
        speed,
        seconds: 10,
        seed: SEED,
      }),
    ) as [Outcome, Outcome];
    const both = (n: number, of: (said: Outcome) => number) => {
      const [a, b] = [of(whole), of(rest)].toSorted((x, y) => x - y) as [number, number];
      return figure(a) === figure(b)
        ? `${figure(n)} / ${figure(a)}`
        : `${figure(n)} / ${figure(a)}–${figure(b)}`;
    };
    return [
      workers.toLocaleString("en"),
      String(processes + apis),
      both(started, (said) => said.started),
      both(calls.commit, (said) => said.calls.commit),
      both(calls.notify, (said) => said.calls.notify),
      both(msPerSecond.database, (said) => said.databaseMsPerSecond),
      both(startMs.p50, (said) => said.startMs.p50),
      both(startMs.p99, (said) => said.startMs.p99),
      `${Math.round(left * 100)} %`,
    ];
  });
  return table(
    [
      "tasks at once",
      "processes",
      "tasks/s",
      "commits/s",
      "notifications/s",
      "database, ms/s",
      "p50, ms",
      "p99, ms",
      "left by others",
    ],
    rows,
  );
}

/** Load of the database and waiting times of tasks, for a separate database with various numbers of cores. */
export function projected(costs: Costs): string {
  const rows: string[][] = [];
  for (const { workers, slots, rates } of PROJECTED) {
    for (const rate of rates) {
      const cells = [
        workers.toLocaleString("en"),
        String(Math.ceil(workers / slots)),
        rate.toLocaleString("en"),
      ];
      let used = "";
      const waits = DATABASES.map((cores) => {
        const said = simulate(costs, {
          workers,
          slots,
          apis: workers > 100 ? 4 : 2,
          step: Math.min(10, (0.5 * workers) / rate),
          rate,
          cores,
          shared: false,
          speed: 1,
          seconds: 10,
          seed: SEED,
        });
        used = (said.databaseMsPerSecond / 1_000).toFixed(1);
        // The backlog must stay below about one second's worth of tasks.
        const keepsUp = said.unstarted < rate + 10;
        return keepsUp ? `${figure(said.startMs.p50)} / ${figure(said.startMs.p99)}` : "falls behind";
      });
      rows.push([...cells, used, ...waits]);
    }
  }
  return table(
    [
      "tasks at once",
      "worker processes",
      "tasks/s",
      `cores used of ${DATABASES.at(-1)}`,
      ...DATABASES.map((cores) => `${cores} cores: p50 / p99, ms`),
    ],
    rows,
  );
}

/** Numbers of database cores. */
const DATABASES = [2, 4, 8, 16, 32];
const PROJECTED = [
  { workers: 100, slots: 50, rates: [10, 100, 300, 1_000] },
  { workers: 1_000, slots: 50, rates: [50, 100, 300, 1_000] },
  { workers: 10_000, slots: 50, rates: [50, 150, 300, 1_000] },
  { workers: 10_000, slots: 250, rates: [50, 150, 300, 1_000, 2_000] },
];

function figure(value: number): string {
  return value >= 99.5 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
}

if (import.meta.main) {
  const { positionals } = readArguments({
    command: "npm run scale:simulate",
    about:
      "Simulates the conditions of measurements and of larger installations, and prints both side by side.",
    operands: { FILE: "file of output lines of npm run scale" },
  });
  const lines = readFileSync(positionals[0]!, "utf8").trim().split("\n");
  const measured = lines.map((line) => JSON.parse(line) as Measured);
  const costs = fitCosts(measured);
  console.log(`Milliseconds: ${JSON.stringify(costs)}\n`);
  console.log(`Measured / simulated:\n${compare(costs, measured)}\n`);
  console.log(`Simulated:\n${projected(costs)}`);
}
