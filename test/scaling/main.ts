/**
 * `npm run cost -- --broker NAME`: the CPU time, in ms, that a task costs each part of an installation with steps
 * that do nothing, and the cost of an idle worker.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { readArguments } from "../../scripts/arguments.ts";
import { type Installation, separate, supervised } from "../crash/installation.ts";
import { openServer, type Server, technologies } from "../crash/servers.ts";
import { startElasticMq } from "./elasticmq.ts";
import { type Part, processorTime } from "./processor-time.ts";

const { values } = readArguments({
  command: "npm run cost",
  about:
    "Measures the CPU time that a task costs each part of an installation, and the cost of an idle worker.\n" +
    "Prints one line of JSON.",
  options: {
    broker: {
      ...{ type: "string", default: "postgres", value: "NAME" },
      ...{ oneOf: technologies, about: technologies.join(", ") },
    },
    store: {
      ...{ type: "string", value: "NAME", oneOf: ["sqlite", "postgres"] },
      about: "sqlite or postgres (default: depends on the broker)",
    },
    tasks: { type: "string", default: "4000", value: "N", about: "number of tasks" },
    items: {
      ...{ type: "string", default: "0", value: "N" },
      about: "files per job; 0: jobs of one task without a file, created with a JSON body",
    },
    workers: { type: "string", default: "2", value: "N", about: "number of workers" },
    idle: { type: "string", default: "10", value: "S", about: "how long to measure the idle cost" },
  },
});
const broker = technologies.find((name) => name === values.broker)!;
const store = values.store ?? (broker === "sqlite" ? "sqlite" : "postgres");
const [tasks, items, workers] = [values.tasks, values.items, values.workers].map(Number) as [
  number,
  number,
  number,
];

const folder = mkdtempSync(join(tmpdir(), "millrace-cost-"));
const records = await openServer(store === "sqlite" ? "sqlite" : "postgres", true);
const deliveries = broker === store ? records : await openBroker();
const install = store === "sqlite" ? supervised : separate;
const millrace = await install({
  folder,
  pipelines: [join(import.meta.dirname, "pipeline.ts")],
  env: {
    ...(records.url !== null && { MILLRACE_STORE: records.url }),
    ...(deliveries.url !== null && { MILLRACE_BROKER: deliveries.url }),
  },
  apis: 1,
  workers,
  needed: async () => {},
});
try {
  await run(millrace, Math.min(500, tasks));
  await sleep(3_000);
  const idle = await spent(() => sleep(Number(values.idle) * 1_000));
  const load = await spent(() => run(millrace, tasks));
  console.log(
    JSON.stringify({
      broker,
      store,
      items,
      tasks,
      tasksPerSecond: Math.round(tasks / load.seconds),
      msPerTask: scaled(load.used, 1 / tasks),
      idleMsPerSecond: scaled(idle.used, 1 / idle.seconds),
      workers,
      machineLoad: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]),
      connections: records.url === null || store === "sqlite" ? undefined : await connections(records.url),
    }),
  );
} finally {
  await millrace.stop();
  await deliveries.close();
  if (records !== deliveries) await records.close();
  rmSync(folder, { recursive: true, force: true });
}

function openBroker(): Promise<Server> {
  return broker === "sqs" ? startElasticMq() : openServer(broker, true);
}

/** Submits jobs, 32 at once, until `count` tasks have ended. */
async function run({ urls }: Installation, count: number): Promise<void> {
  let submitted = 0;
  const last: string[] = [];
  await Promise.all(
    Array.from({ length: items === 0 ? 32 : 4 }, async (_, n) => {
      while (submitted < count) {
        submitted += Math.max(1, items);
        const response = await fetch(`${urls[0]}/v1/jobs`, { method: "POST", ...body() });
        if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
        last[n] = ((await response.json()) as { id: string }).id;
      }
    }),
  );
  for (const id of last) {
    let state = "queued";
    while (state === "queued" || state === "running") {
      const response = await fetch(`${urls[0]}/v1/jobs/${id}?wait=30`);
      state = ((await response.json()) as { state: string }).state;
    }
  }
}

function body(): RequestInit {
  if (items === 0) {
    const text = JSON.stringify({ pipeline: "cost.nothing", options: { n: 1 } });
    return { body: text, headers: { "content-type": "application/json" } };
  }
  const form = new FormData();
  form.set("pipeline", "cost.nothing");
  for (let n = 0; n < items; n++) form.append("files", new Blob([`${n}`]), `${n}.txt`);
  return { body: form };
}

async function spent(work: () => Promise<void>): Promise<{ used: Map<Part, number>; seconds: number }> {
  const before = processorTime(process.pid);
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  const used = new Map<Part, number>();
  for (const [part, ms] of processorTime(process.pid)) used.set(part, ms - (before.get(part) ?? 0));
  return { used, seconds };
}

function scaled(times: ReadonlyMap<Part, number>, factor: number): Record<string, number> {
  return Object.fromEntries([...times].map(([part, ms]) => [part, Number((ms * factor).toFixed(3))]));
}

/** Number of connections to PostgreSQL by what opened them. */
async function connections(url: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `SELECT application_name AS name, count(*)::int AS count FROM pg_stat_activity
     WHERE application_name LIKE 'millrace%' GROUP BY 1 ORDER BY 1`,
  );
  await client.end();
  return Object.fromEntries(rows.map((row) => [row.name as string, row.count as number]));
}
