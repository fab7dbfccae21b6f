/**
 * `npm run cost:write -- FILE`: reads the lines that `npm run cost` printed, and writes what
 * they come to for larger installations into `docs/scaling.md`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceSection, table } from "../../scripts/matrix/page.ts";

interface Measured {
  broker: string;
  store: string;
  items: number;
  tasks: number;
  workers: number;
  msPerTask: Record<string, number>;
  idleMsPerSecond: Record<string, number>;
  connections?: Record<string, number>;
}

/** Tasks at once in a worker process. */
const SLOTS = 50;

const page = join(import.meta.dirname, "..", "..", "docs", "scaling.md");
const lines = readFileSync(process.argv[2]!, "utf8").trim().split("\n");
const measured = lines.map((line) => JSON.parse(line) as Measured);
let text = readFileSync(page, "utf8");
text = replaceSection(text, "costs", costs());
text = replaceSection(text, "idle", idle());
text = replaceSection(text, "projection", projection());
writeFileSync(page, text);

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

/** One API process and the workers, with nothing to do. */
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

/** Cores that records, API and sweeping take for so many tasks at once, on PostgreSQL alone. */
function projection(): string {
  const base = measured.find(
    ({ broker, store, items }) => broker === "postgres" && store === broker && items === 0,
  );
  if (!base) throw new Error("There is no measurement of PostgreSQL alone.");
  const { msPerTask, idleMsPerSecond, workers } = base;
  const processes = workers + 1;
  const rows = [1, 100, 10_000].flatMap((slots) =>
    [0.1, 1, 10, 60].map((seconds) => {
      const rate = slots / seconds;
      const workerProcesses = Math.ceil(slots / SLOTS);
      const apis = Math.max(1, Math.ceil((rate * msPerTask.api!) / 500));
      const sweeping = ((workerProcesses + apis) * idleMsPerSecond.database!) / processes / 1_000;
      return [
        slots.toLocaleString("en"),
        `${seconds} s`,
        rate < 10 ? rate.toPrecision(2) : Math.round(rate).toLocaleString("en"),
        cores((rate * msPerTask.database!) / 1_000 + sweeping),
        cores((rate * msPerTask.api!) / 1_000),
        cores((rate * msPerTask.worker!) / 1_000),
        String(workerProcesses),
      ];
    }),
  );
  return table(
    [
      "tasks at once",
      "a task takes",
      "tasks/s",
      "database cores",
      "API cores",
      "worker cores",
      "worker processes",
    ],
    rows,
  );
}

function cores(value: number): string {
  return value < 0.01 ? "< 0.01" : value.toFixed(2);
}
