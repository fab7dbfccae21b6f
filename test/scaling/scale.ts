/**
 * `npm run scale -- --workers N`: runs N tasks at once on simulated worker processes, which are real except that many
 * share one process, with a separate PostgreSQL, and measures what calculation cannot predict. Prints one line of JSON
 * per load.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { openServer, technologies } from "../crash/servers.ts";
import { startMeasuredPostgres } from "./fleet/database.ts";
import { startHosts } from "./fleet/hosts.ts";
import { processorTime } from "./processor-time.ts";

/** The records are in PostgreSQL, which the data folder's broker cannot serve. */
const brokers = technologies.filter((name) => name !== "sqlite");
const { values } = readArguments({
  command: "npm run scale",
  about:
    "Runs many tasks at once on simulated worker processes with a separate PostgreSQL.\n" +
    "Prints one line of JSON per load.",
  options: {
    workers: { type: "string", default: "100", value: "N", about: "concurrent tasks over all processes" },
    slots: { type: "string", default: "50", value: "N", about: "concurrent tasks per worker process" },
    step: { type: "string", default: "1", value: "S", about: "duration of a task" },
    loads: {
      ...{ type: "string", default: "0,0.5,0.8", value: "SHARE,…" },
      about: "loads to run one after another, as shares of the capacity; 0 measures the idle cost",
    },
    apis: { type: "string", default: "2", value: "N", about: "simulated API processes" },
    owners: { type: "string", default: "1000", value: "N", about: "owners of the jobs" },
    broker: {
      ...{ type: "string", default: "postgres", value: "NAME" },
      ...{ oneOf: brokers, about: brokers.join(", ") },
    },
    seconds: { type: "string", default: "10", value: "S", about: "how long to measure each load" },
    each: { type: "string", default: "25", value: "N", about: "simulated processes per real one" },
  },
});
const [workers, slots, step, apis, owners, seconds, each] = [
  values.workers,
  values.slots,
  values.step,
  values.apis,
  values.owners,
  values.seconds,
  values.each,
].map(Number) as [number, number, number, number, number, number, number];
const loads = values.loads.split(",").map(Number);
const broker = brokers.find((name) => name === values.broker)!;
const processes = Math.ceil(workers / slots);
/** Maximum number of connections that a process opens, plus some for monitoring. */
const CONNECTIONS_EACH = 20;

const folder = mkdtempSync(join(tmpdir(), "millrace-scale-"));
const database = await startMeasuredPostgres((processes + apis) * CONNECTIONS_EACH + 20);
const deliveries = broker === "postgres" ? null : await openServer(broker, true);
const env = {
  MILLRACE_STORE: database.url,
  ...(deliveries?.url && { MILLRACE_BROKER: deliveries.url }),
  MILLRACE_CONCURRENCY: String(slots),
};
let stopped = false;
const stop = async () => {
  if (stopped) return;
  stopped = true;
  await deliveries?.close();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
};
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop().finally(() => process.exit(1)));
try {
  const fed = await startHosts("api", apis, apis, folder, env);
  const fleet = await startHosts("worker", processes, each, folder, env);
  const ideal = workers / step;
  for (const load of loads) {
    const rate = load * ideal;
    fed.send({ kind: "feed", rate, ms: step * 1_000, owners });
    // Wait until the load is steady, and tasks that started together no longer end together.
    await sleep(rate === 0 ? 4_000 : step * 2_500 + 2_000);
    await Promise.all([fed.take(), fleet.take()]);
    const before = processorTime(process.pid);
    const busyBefore = machineMs();
    const { seconds: span, statements, calls, waits, connections } = await database.watch(seconds * 1_000);
    const [handedIn, done] = await Promise.all([fed.take(), fleet.take()]);
    const after = processorTime(process.pid);
    const busy = (machineMs() - busyBefore) / span;
    const msPerSecond = Object.fromEntries(
      [...after].map(([part, ms]) => [part, Math.round((ms - (before.get(part) ?? 0)) / span)]),
    );
    const own = Object.values(msPerSecond).reduce((sum, ms) => sum + ms, 0);
    const per = (n: number) => Number((n / span).toFixed(1));
    console.log(
      JSON.stringify({
        workers,
        processes,
        apis,
        broker,
        step,
        load,
        ideal,
        offered: per(handedIn.accepted),
        started: per(done.waits.length),
        ended: per(done.ended),
        startMs: quantiles(done.waits),
        msPerSecond,
        othersMsPerSecond: Math.max(0, Math.round(busy - own)),
        calls,
        connections,
        waits,
        statements: statements.slice(0, 8),
        failures: handedIn.warnings + done.warnings,
        machineLoad: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]),
      }),
    );
  }
  await Promise.all([fed.end(), fleet.end()]);
} finally {
  await stop();
}

/** CPU time that everything on this machine has used, in ms. */
function machineMs(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8")
    .split(/\s+/)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq!) * 10;
}

/** Of the times from submission to start. */
function quantiles(waits: readonly number[]): { p50: number; p99: number } {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: Math.round(at(0.5)), p99: Math.round(at(0.99)) };
}
