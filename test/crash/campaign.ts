import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Card, cardOf } from "./card.ts";
import {
  type Account,
  download,
  type Heard,
  listen,
  notified,
  outcomes,
  submit,
  submitSplit,
} from "./client.ts";
import { type MachineClock, machineClock } from "./clocks.ts";
import { type Installation, type Role, type Signal, separate, supervised } from "./installation.ts";
import { type Kill, readJournal } from "./journal.ts";
import { openServer, type Restarts, restartsOf, type Technology } from "./servers.ts";
import { type Stops, stops } from "./stops.ts";

export interface CampaignOptions {
  broker: Technology;
  store: "sqlite" | "postgres";
  /** Total number of killed processes and servers. */
  kills: number;
  tasks: number;
  /** Numbers of files per job, used in turn. */
  itemsPerJob: readonly number[];
  /** Mean pause between kills, in ms. */
  everyMs: number;
  /** Share of attempts that fail at random and are retried. */
  failures: number;
  /** Share of attempts that fail for good. */
  broken: number;
  /** Share of attempts that take 3 s. @default 0 */
  long?: number;
  /** Share of kills that only stop a worker or API process, for 12 to 20 s. @default 0 */
  stopped?: number;
  /** Share of kills that set the machine's clock instead, by up to 10 min. @default 0 */
  clockSteps?: number;
  /** Number of tasks of a step that one worker runs at once. @default as the step says */
  concurrency?: number;
  /** Number of parts in additional jobs whose one item is split; they run during ten kills each. @default 0 */
  parts?: number;
  workers: number;
  signal: Signal;
  /** Also kill the store's and the broker's servers, which then belong to the campaign. */
  killServers: boolean;
  /** Folder for the log of the steps and the list of kills, to find out what a task waited for. */
  keep?: string;
  onProgress?(line: string): void;
}

type Victim = Role | "server";
export type Killed = Victim | "stopped" | "clock";

/** Shares of all kills. If an installation lacks a role, its share goes to the workers. */
const shares: readonly [Victim, number][] = [
  ["server", 0.1],
  ["supervisor", 0.1],
  ["api", 0.2],
  ["worker", 0.6],
];

/** How long jobs may go without any progress after the last kill. */
const PATIENCE_MS = 300_000;

/** The next kill comes after this time at the latest, even if no attempt has started or work is behind. */
const IDLE_MS = 5_000;

/**
 * Kills random processes while jobs come in and run. Then counts, from outside the store, what became of every job
 * that was answered with 202.
 */
export async function campaign(options: CampaignOptions): Promise<Card> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-crash-"));
  const log = join(folder, "steps.log");
  const store = await openServer(options.store, options.killServers);
  const broker =
    options.broker === options.store ? store : await openServer(options.broker, options.killServers);
  const restarts = restartsOf(options.signal === "SIGKILL" ? [...new Set([store, broker])] : []);
  const clock = machineClock(folder);
  const env = {
    ...(options.clockSteps ? clock.env : {}),
    CRASH_LOG: log,
    ...(options.concurrency === undefined ? {} : { MILLRACE_CONCURRENCY: String(options.concurrency) }),
    ...(store.url === null ? {} : { MILLRACE_STORE: store.url }),
    ...(broker.url === null ? {} : { MILLRACE_BROKER: broker.url }),
  };
  const began = Date.now();
  const account: Account = { accepted: new Map(), split: new Map(), refused: 0 };
  const heard: Heard = { ids: [], endings: new Map(), jobs: 0, reconnects: 0, children: new Map() };
  const kills: (Kill & { role: Killed })[] = [];
  const stopListening = new AbortController();
  const pauses = stops();
  let listening: Promise<void> | null = null;
  let millrace: Installation | null = null;
  try {
    const install = options.store === "sqlite" ? supervised : separate;
    millrace = await install({
      folder,
      pipelines: [join(import.meta.dirname, "pipeline.ts")],
      env,
      workers: options.workers,
      apis: 2,
      needed: () => restarts.settled(),
    });
    const { urls } = millrace;
    listening = listen(urls, heard, stopListening.signal);
    const pace = { kills, isWaiting: false };
    await Promise.all([
      submitAll(options, urls, account, pace),
      submitSplits(options, urls, account, pace),
      endProcesses(options, millrace, { restarts, pauses, clock }, pace, () => ({
        written: sizeOf(log),
        ended: endedIn(heard),
      })),
    ]);
    pauses.goOn();
    await restarts.settled();
    options.onProgress?.(`all ended or handed in; waiting for ${account.accepted.size} jobs`);
    const results = await outcomes(urls, account.accepted.keys(), PATIENCE_MS);
    const split = await outcomes(urls, account.split.keys(), PATIENCE_MS);
    // The event stream may still be reconnecting.
    await caughtUp(heard, account, 20_000);
    const notices = await notified(urls);
    const sample = [...results.values()].flatMap((job) => job?.items.slice(0, 1) ?? []);
    const files = sample.filter((item) => item.outputs.length > 0).slice(0, 200);
    let wrongFiles = 0;
    for (const item of files)
      if ((await download(urls, item.outputs[0]!.artifactId)) !== item.result) wrongFiles++;
    return cardOf({
      options,
      account,
      results,
      split,
      heard,
      notices,
      kills,
      restarts: restarts.done,
      journal: readJournal(log),
      files: { read: files.length, wrong: wrongFiles },
      seconds: Math.round((Date.now() - began) / 1000),
    });
  } catch (error) {
    const state = `${millrace?.state() ?? "nothing runs"}; ${restarts.away()} servers are being restarted`;
    throw new Error(`${(error as Error).message}\n${state}`, { cause: error });
  } finally {
    pauses.goOn();
    stopListening.abort();
    await listening;
    await millrace?.stop();
    if (options.keep) {
      mkdirSync(options.keep, { recursive: true });
      if (existsSync(log)) cpSync(log, join(options.keep, "steps.log"));
      writeFileSync(join(options.keep, "kills.json"), JSON.stringify({ kills, restarts: restarts.done }));
    }
    for (const server of new Set([store, broker])) await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Pace {
  kills: (Kill & { role: Killed })[];
  /** Whether the next kill waits for running work. */
  isWaiting: boolean;
}

/** The share of the tasks that is submitted before the kills meant to hit it. */
function aheadOf({ kills }: CampaignOptions): number {
  return Math.max(0.02, 1.5 / kills);
}

/** Submits the tasks throughout the kills, so that every kill hits work. */
async function submitAll(
  options: CampaignOptions,
  urls: readonly string[],
  account: Account,
  pace: Pace,
): Promise<void> {
  const { failures, broken, long = 0, itemsPerJob, tasks } = options;
  let submitted = 0;
  let jobs = 0;
  const ahead = aheadOf(options);
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (submitted < tasks) {
        if (!pace.isWaiting && submitted / tasks > pace.kills.length / options.kills + ahead) {
          await sleep(50);
          continue;
        }
        const items = Math.min(itemsPerJob[jobs++ % itemsPerJob.length]!, tasks - submitted);
        submitted += items;
        await submit(urls, account, items, { failures, broken, long });
      }
    }),
  );
}

/** Number of kills during the parts of one item. */
const KILLS_A_SPLIT = 10;
const LONGEST_PART_MS = 3_000;

/** Submits the splitting jobs one by one throughout the kills. */
async function submitSplits(
  options: CampaignOptions,
  urls: readonly string[],
  account: Account,
  { kills }: Pace,
): Promise<void> {
  const { parts = 0, workers, concurrency = 8, everyMs } = options;
  if (parts === 0) return;
  const jobs = Math.max(1, Math.round(options.kills / KILLS_A_SPLIT));
  const ms = Math.min(LONGEST_PART_MS, (KILLS_A_SPLIT * everyMs * workers * concurrency) / parts);
  for (let n = 0; n < jobs; n++) {
    while (kills.length < n * KILLS_A_SPLIT) await sleep(50);
    await submitSplit(urls, account, { parts, ms });
  }
}

async function endProcesses(
  options: CampaignOptions,
  millrace: Installation,
  { restarts, pauses, clock }: { restarts: Restarts; pauses: Stops; clock: MachineClock },
  pace: Pace,
  seen: () => { written: number; ended: number },
): Promise<void> {
  const { kills } = pace;
  while (kills.length < options.kills) {
    await sleep(options.everyMs * (0.5 + Math.random()));
    // A kill without running work proves nothing, and on a slow machine, killed processes need time to come back.
    // Also wait for work that has fallen behind: otherwise it would run undisturbed after the last kill.
    const before = seen().written;
    const due = options.tasks * (kills.length / options.kills - aheadOf(options));
    for (const deadline = Date.now() + IDLE_MS; Date.now() < deadline; await sleep(10)) {
      const { written, ended } = seen();
      pace.isWaiting = written <= before;
      if (!pace.isWaiting && ended >= due) break;
    }
    pace.isWaiting = false;
    if (Math.random() < (options.clockSteps ?? 0)) {
      clock.set();
      kills.push({ role: "clock", pids: [], at: Date.now() });
      continue;
    }
    if (Math.random() < (options.stopped ?? 0)) {
      const stop = await millrace.end(Math.random() < 0.75 ? "worker" : "api", "SIGSTOP");
      if (!stop) continue;
      pauses.later(stop.pids[0]!);
      // Nothing was killed: its tasks may settle when it continues.
      kills.push({ role: "stopped", pids: [], at: stop.at });
      continue;
    }
    const role = pick();
    // Stopped children could not exit with their supervisor.
    if (role === "supervisor") pauses.goOn();
    if (role === "server" && restarts.begin()) {
      kills.push({ role, pids: [], at: Date.now() });
      continue;
    }
    const known = role !== "server" && millrace.roles.includes(role) ? role : "worker";
    const kill = await millrace.end(known, options.signal);
    if (!kill) continue;
    kills.push({ ...kill, role: known });
    if (kills.length % 10 === 0) {
      options.onProgress?.(`${kills.length} of ${options.kills} kills`);
    }
  }
}

/** Number of items whose end was seen; `endings` also has those of the jobs. */
function endedIn({ endings, jobs }: Heard): number {
  return endings.size - jobs;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function pick(): Victim {
  let die = Math.random();
  for (const [role, share] of shares) {
    if (die < share) return role;
    die -= share;
  }
  return "worker";
}

async function caughtUp(heard: Heard, account: Account, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  const told = () =>
    [...account.accepted.keys()].every((id) => heard.endings.has(`${id} job`)) &&
    [...heard.children.values()].every((child) => child.ended > 0);
  while (!told() && Date.now() < deadline) await sleep(50);
}
