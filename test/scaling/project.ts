/**
 * `npm run cost:write -- COSTS FLEET`: reads the output lines of `npm run cost` and `npm run scale`, and writes the
 * tables of `docs/measurements/scaling.md`: the measurements, the simulation of the same conditions, and the
 * simulation of larger installations.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "../../scripts/arguments.ts";
import { replaceSection, table } from "../../scripts/matrix/page.ts";
import { compare, projected } from "./simulate.ts";
import { fitCosts, type Measured } from "./simulation/costs.ts";

interface Cost {
  broker: string;
  store: string;
  items: number;
  tasks: number;
  workers: number;
  msPerTask: Record<string, number>;
  idleMsPerSecond: Record<string, number>;
  connections?: Record<string, number>;
}

const { positionals } = readArguments({
  command: "npm run cost:write",
  about: "Writes the tables of docs/measurements/scaling.md.",
  operands: { COSTS: "file of output lines of npm run cost", FLEET: "file of output lines of npm run scale" },
});
const page = join(import.meta.dirname, "..", "..", "docs", "measurements", "scaling.md");
const [costFile, fleetFile] = positionals as [string, string];
const measured = lines<Cost>(costFile);
const runs = lines<Measured>(fleetFile);
const fitted = fitCosts(runs.filter(({ broker }) => broker === "postgres"));
let text = readFileSync(page, "utf8");
text = replaceSection(text, "costs", costs());
text = replaceSection(text, "idle", idle());
text = replaceSection(text, "fleet", fleet());
text = replaceSection(text, "fitted", parts());
text = replaceSection(
  text,
  "compared",
  compare(
    fitted,
    runs.filter(({ broker, started }) => broker === "postgres" && started > 0),
  ),
);
text = replaceSection(text, "projection", projected(fitted));
writeFileSync(page, text);

function lines<T>(file: string): T[] {
  const texts = readFileSync(file, "utf8").trim().split("\n");
  return texts.map((line) => JSON.parse(line) as T);
}

function costs(): string {
  const parts = ["api", "database", "supervisor with writer", "broker", "worker"];
  const rows = measured.map(({ broker, store, items, msPerTask }) => [
    store,
    broker === store ? "the store's own" : broker,
    items === 0 ? "1 (JSON)" : `${items} small files`,
    ...parts.map((part) => msPerTask[part]?.toFixed(2) ?? "–"),
  ]);
  return table(["store", "broker", "tasks of a job", ...parts], rows);
}

/** One API process and the workers while idle. */
function idle(): string {
  const rows = measured
    .filter(({ items, store }) => items === 0 && store === "postgres")
    .map(({ broker, store, workers, idleMsPerSecond, connections = {} }) => {
      const processes = workers + 1;
      const each = (ms = 0) => (ms / processes).toFixed(1);
      const open = Object.values(connections).reduce((sum, count) => sum + count, 0);
      return [
        broker === store ? "the store's own" : broker,
        each(idleMsPerSecond.database),
        broker === store ? "–" : each(idleMsPerSecond.broker),
        ((idleMsPerSecond.worker ?? 0) / workers).toFixed(1),
        (open / processes).toFixed(0),
      ];
    });
  return table(
    ["broker", "database, ms/s", "broker, ms/s", "the worker itself, ms/s", "connections to PostgreSQL"],
    rows,
  );
}

/** Results of the fleet of simulated processes. */
function fleet(): string {
  const rows = runs.map((one) => {
    const { broker, workers, processes, apis, connections, step, started, offered, calls, startMs } = one;
    const database = one.msPerSecond.database;
    const each = (n: number) => (started === 0 ? "–" : (n / started).toFixed(1));
    return [
      broker === "postgres" ? "the store's own" : broker,
      workers.toLocaleString("en"),
      String(processes + apis),
      String(connections),
      `${step} s`,
      started === 0 ? "idle" : `${started.toFixed(0)} of ${offered.toFixed(0)}`,
      String(database),
      each(database),
      each(calls.commit),
      each(calls.notify),
      started === 0 ? "–" : `${startMs.p50} / ${startMs.p99}`,
      (one.othersMsPerSecond / 1_000).toFixed(1),
    ];
  });
  return table(
    [
      "broker",
      "tasks at once",
      "processes",
      "connections",
      "a task takes",
      "tasks/s started of handed in",
      "database, ms/s",
      "database, ms a task",
      "commits a task",
      "notifications a task",
      "started after, p50 / p99 ms",
      "cores that others used",
    ],
    rows,
  );
}

/** The costs that best explain the runs. */
function parts(): string {
  const { commit, command, wake, running, idle: alone, idleEach, flush } = fitted;
  const ms = (value: number, digits = 2) => `${value.toFixed(digits)} ms`;
  return table(
    ["what", "cost"],
    [
      ["a transaction", ms(commit)],
      ["a reservation, creation, claim or settlement in it", ms(command)],
      [
        "a connection that a notification wakes (two a process), with the look for deliveries that follows",
        ms(wake, 3),
      ],
      ["a running task, a second", ms(running, 3)],
      ["a process, a second", ms(alone)],
      ["the same for each process beside it", ms(idleEach, 3)],
      ["waiting for the disk at a commit (no processor time)", ms(flush)],
    ],
  );
}
