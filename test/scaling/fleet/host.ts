/**
 * A process that hosts many simulated ones. Each has the same parts as a real one (connections, lease thread,
 * scheduler, runner); they share only the event loop.
 */
import { enableCompileCache } from "node:module";
import { budgetBytes, resolveConfig } from "../../../src/compose/config.ts";
import { openEngine } from "../../../src/compose/open-engine.ts";
import { stepSource } from "../../../src/compose/step-source.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { type Scheduler, startScheduler } from "../../../src/engine/scheduler.ts";
import { sharedMemory } from "../../../src/engine/shared-memory.ts";
import { type RunningWorker, startWorker } from "../../../src/worker/worker.ts";
import type { HostCommand, HostReport } from "./hosts.ts";
import { type Tally, waiting } from "./pipeline.ts";

enableCompileCache();
/** How many simulated processes start at once. */
const STARTING = 2;

const [role, count, data] = process.argv.slice(2) as [string, string, string];
const tally: Tally = { waits: [], ended: 0 };
const pipeline = waiting(tally);
let warnings = 0;
const warned = () => void warnings++;
const log = { debug() {}, info() {}, warn: warned, error: warned };
const resolved = await resolveConfig({ data }, process.env, data);
const { config } = resolved;
const opener = new URL("../../../src/compose/lease-store.ts", import.meta.url).href;

const engines: { engine: Engine; close(): Promise<void> }[] = [];
const workers: RunningWorker[] = [];
const schedulers: Scheduler[] = [];
let accepted = 0;
let feeding = 0;

for (let n = 0; n < Number(count); n += STARTING) {
  const some = Math.min(STARTING, Number(count) - n);
  await Promise.all(Array.from({ length: some }, start));
}

async function start(): Promise<void> {
  const wiring = { config, writer: null };
  const opened = await openEngine(wiring, [pipeline]);
  engines.push(opened);
  const { engine } = opened;
  if (role === "api") {
    schedulers.push(startScheduler(engine, log));
    return;
  }
  const { concurrency } = config;
  const renewer = { opener, config: wiring };
  workers.push(
    await startWorker({
      engine,
      log,
      concurrency: concurrency ?? undefined,
      renewer,
      memory: sharedMemory(budgetBytes(config)),
      steps: stepSource(resolved),
      onStuck() {},
    }),
  );
}

/** Submits jobs of one task at random moments, `rate` per second on average. */
function feed(rate: number, ms: number, owners: number): void {
  const turn = ++feeding;
  let due = Date.now();
  const next = () => {
    while (turn === feeding && rate > 0 && due <= Date.now()) {
      void handIn(due, ms, owners);
      due += (-Math.log(1 - Math.random()) / rate) * 1_000;
    }
    if (turn === feeding && rate > 0) setTimeout(next, Math.max(0, due - Date.now()));
  };
  next();
}

async function handIn(dueAt: number, ms: number, owners: number): Promise<void> {
  const { engine } = engines[accepted % engines.length]!;
  const owner = `owner-${Math.floor(Math.random() * owners)}`;
  try {
    const admission = await engine.admit({ owner, pipeline: pipeline.name, tasks: 1 });
    await engine.createJob({ owner, pipeline: pipeline.name, options: { dueAt, ms }, files: [], admission });
    accepted++;
  } catch {
    warnings++;
  }
}

process.on("message", async (command: HostCommand) => {
  if (command.kind === "feed") feed(command.rate, command.ms, command.owners);
  if (command.kind === "take") {
    const report: HostReport = { waits: tally.waits, ended: tally.ended, accepted, warnings };
    process.send!(report);
    tally.waits = [];
    tally.ended = accepted = warnings = 0;
  }
  // The database is discarded, so nothing needs to be handed back.
  if (command.kind === "end") process.exit(0);
});
process.on("disconnect", () => process.exit(0));
process.send!("ready");
