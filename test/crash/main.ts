/**
 * `npm run crash -- --broker NAME --kills N --tasks M`: kills processes at random while jobs run, and counts from
 * outside what became of them. Exits with 1 if anything was lost, committed twice, stuck, or charged.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { campaign } from "./campaign.ts";
import { faultsIn, rowOf, textOf } from "./card.ts";
import { technologies } from "./servers.ts";

const { values } = parseArgs({
  options: {
    broker: { type: "string", default: "sqlite" },
    store: { type: "string" },
    kills: { type: "string", default: "100" },
    tasks: { type: "string", default: "10000" },
    /** Files per job; several values, separated by commas, are used in turn. */
    items: { type: "string", default: "1,10,100" },
    /** Mean pause between kills, in ms. */
    every: { type: "string", default: "1500" },
    failures: { type: "string", default: "0.02" },
    broken: { type: "string", default: "0.005" },
    /** Share of attempts that take 3 s. */
    long: { type: "string", default: "0.05" },
    /** Share of kills that only stop a process, for 12 to 20 s. */
    stopped: { type: "string", default: "0.05" },
    /** Share of kills that set the machine's clock instead, by up to 10 min. */
    clocks: { type: "string", default: "0" },
    /** Number of tasks that one worker runs at once. */
    concurrency: { type: "string", default: "50" },
    /** Parts per additional splitting job, of which there is one for ten kills; 0 for none. */
    parts: { type: "string", default: "500" },
    workers: { type: "string" },
    /** KILL or TERM. */
    signal: { type: "string", default: "KILL" },
    /** Use the shared servers without killing them. */
    "spare-servers": { type: "boolean", default: false },
    /** Folder for the log of the steps and the list of kills. */
    keep: { type: "string" },
    json: { type: "boolean", default: false },
    /** Adds the card to the table in docs/reliability.md. */
    write: { type: "boolean", default: false },
  },
});

const broker = technologies.find((name) => name === values.broker);
if (!broker) usage(`--broker is one of ${technologies.join(", ")}`);
const store = values.store ?? (broker === "postgres" ? "postgres" : "sqlite");
if (store !== "sqlite" && store !== "postgres") usage("--store is sqlite or postgres");
if (values.signal !== "KILL" && values.signal !== "TERM") usage("--signal is KILL or TERM");

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

function usage(message: string): never {
  console.error(message);
  process.exit(2);
}
