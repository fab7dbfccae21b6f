/**
 * `npm run crash -- --broker NAME --kills N --tasks M`: kills processes at random while jobs run, and counts from
 * outside what became of them. Exits with 1 if anything was lost, committed twice, stuck, or charged.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "../../scripts/arguments.ts";
import { campaign } from "./campaign.ts";
import { faultsIn, rowOf, textOf } from "./card.ts";
import { technologies } from "./servers.ts";

const stores = ["sqlite", "postgres"] as const;
const { values } = readArguments({
  command: "npm run crash",
  about:
    "Kills processes at random while jobs run, and counts from outside what became of them.\n" +
    "Exits with 1 if anything was lost, committed twice, stuck, or charged.",
  options: {
    broker: {
      ...{ type: "string", default: "sqlite", value: "NAME" },
      ...{ oneOf: technologies, about: technologies.join(", ") },
    },
    store: {
      ...{ type: "string", value: "NAME", oneOf: stores },
      about: "sqlite or postgres (default: depends on the broker)",
    },
    kills: { type: "string", default: "100", value: "N", about: "number of kills" },
    tasks: { type: "string", default: "10000", value: "N", about: "number of tasks" },
    items: {
      ...{ type: "string", default: "1,10,100", value: "N,…" },
      about: "files per job; several values are used in turn",
    },
    every: { type: "string", default: "1500", value: "MS", about: "mean pause between kills" },
    failures: { type: "string", default: "0.02", value: "SHARE", about: "attempts that fail" },
    broken: { type: "string", default: "0.005", value: "SHARE", about: "tasks that always fail" },
    long: { type: "string", default: "0.05", value: "SHARE", about: "attempts that take 3 s" },
    stopped: {
      ...{ type: "string", default: "0.05", value: "SHARE" },
      about: "kills that only stop a process, for 12 to 20 s",
    },
    clocks: {
      ...{ type: "string", default: "0", value: "SHARE" },
      about: "kills that set the machine's clock instead, by up to 10 min",
    },
    concurrency: { type: "string", default: "50", value: "N", about: "tasks that one worker runs at once" },
    parts: {
      ...{ type: "string", default: "500", value: "N" },
      about: "parts per additional splitting job, of which there is one for ten kills; 0: none",
    },
    workers: { type: "string", value: "N", about: "workers (default: 3 on PostgreSQL, else 2)" },
    signal: {
      type: "string",
      default: "KILL",
      value: "NAME",
      oneOf: ["KILL", "TERM"],
      about: "KILL or TERM",
    },
    "spare-servers": {
      ...{ type: "boolean", default: false },
      about: "uses the shared servers without killing them",
    },
    keep: {
      type: "string",
      value: "FOLDER",
      about: "keeps the log of the steps and the list of kills there",
    },
    json: { type: "boolean", default: false, about: "prints the result as JSON" },
    write: { type: "boolean", default: false, about: "adds the result to docs/reliability.md" },
  },
});

const broker = technologies.find((name) => name === values.broker)!;
const store = stores.find((name) => name === values.store) ?? (broker === "postgres" ? "postgres" : "sqlite");

const card = await campaign({
  broker,
  store,
  kills: Number(values.kills),
  tasks: Number(values.tasks),
  itemsPerJob: values.items.split(",").map(Number),
  everyMs: Number(values.every),
  failures: Number(values.failures),
  broken: Number(values.broken),
  long: Number(values.long),
  stopped: Number(values.stopped),
  clockSteps: Number(values.clocks),
  concurrency: Number(values.concurrency),
  parts: Number(values.parts),
  workers: Number(values.workers ?? (store === "postgres" ? 3 : 2)),
  signal: values.signal === "TERM" ? "SIGTERM" : "SIGKILL",
  killServers: !values["spare-servers"],
  ...(values.keep === undefined ? {} : { keep: values.keep }),
  onProgress: (line) => values.json || console.error(line),
});
console.log(values.json ? JSON.stringify(card, null, 2) : textOf(card));
if (values.write) addToPage(rowOf(card, new Date().toISOString().slice(0, 10)));
const faults = faultsIn(card);
if (faults.length > 0) console.error(`FAILED: ${faults.join(", ")}`);
process.exitCode = faults.length === 0 ? 0 : 1;

function addToPage(row: string): void {
  const page = join(import.meta.dirname, "..", "..", "docs", "reliability.md");
  const end = "<!-- end of the campaigns -->";
  const text = readFileSync(page, "utf8");
  if (!text.includes(end)) throw new Error(`${page} has no line "${end}"`);
  writeFileSync(page, text.replace(end, `${row}\n${end}`));
}
