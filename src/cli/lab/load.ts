import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createLive } from "../../lab/load/live.ts";
import { type LoadTest, runLoadTest } from "../../lab/load/load-test.ts";
import { type MillraceTarget, millraceTarget } from "../../lab/load/millrace-target.ts";
import {
  mixed,
  type Profile,
  type ProfileName,
  ramp,
  type Share,
  soak,
  spike,
} from "../../lab/load/profiles.ts";
import { loadScenario } from "../../lab/load/scenarios.ts";
import { type LoadSummary, summarize } from "../../lab/load/summary.ts";
import { summaryText } from "../../lab/load/text.ts";
import { permittedAddresses } from "../../lab/load/this-machine.ts";
import { parseThreshold } from "../../lab/load/thresholds.ts";
import type { LabRecord } from "../../lab/records.ts";
import { runRecord } from "../../lab/run-record.ts";
import { KEY_ENV, serverOf } from "../client/flags.ts";
import { serverUrl } from "../client/server-url.ts";
import { onInterrupt } from "../interrupt.ts";
import { exitCode, printJson, usageError } from "../output.ts";
import { optionsOf } from "../run/options.ts";

export interface LoadFlags {
  profile: ProfileName;
  ramp: { from: number; to: number };
  users: number;
  duration: number;
  loop: "open" | "closed";
  every: number;
  scenario?: string;
  file: string[];
  option: string[];
  deadline: number;
  accepted?: boolean;
  seed: number;
  target?: string;
  yesOtherHost?: string;
  threshold: string[];
  json?: boolean;
  html?: string;
  records?: string;
}

/** Interval of the live status: on a terminal, which can overwrite the line, and elsewhere. */
const LIVE_MS = 1_000;
const LOGGED_MS = 10_000;

/** Runs a load test. Validates everything before sending the first request. */
export async function load(flags: LoadFlags): Promise<void> {
  const thresholds = flags.threshold.map(parseThreshold);
  const url = new URL(serverUrl(flags.target));
  const addresses = await permittedAddresses(url, flags.yesOtherHost);
  const shares = sharesOf(flags.scenario ?? (flags.profile === "mixed" ? "convert=3,label=1" : "convert"));
  const scenarios = await scenariosOf(shares, flags);
  const render = flags.html === undefined ? null : await reportRenderer();
  await checkPipelines(
    [...scenarios.values()].map(({ pipeline }) => pipeline),
    flags,
  );
  const key = process.env[KEY_ENV];
  const run = runRecord({ seed: flags.seed, versions: {}, options: askedOf(flags, url) });
  const records = recordsFile(flags.records);
  records.write(run);
  const target = millraceTarget({
    url,
    addresses,
    headers: { accept: "application/json", ...(key && { authorization: `Bearer ${key}` }) },
    scenarios,
    run: `${Date.now().toString(36)}-${process.pid}`,
    follow: !flags.accepted,
  });
  const interruption = onInterrupt();
  try {
    const measured = await watched(flags, shares, target, records.write, interruption.signal);
    const summary = summarize(run, measured, { thresholds, cached: target.cached() });
    if (render) await writeFile(flags.html!, await render(summary, measured));
    report(summary, flags, interruption.signal.aborted);
  } finally {
    interruption.stop();
    await target.close();
    await records.close();
  }
}

/** Flags that affect the measurement, rather than where results go. */
function askedOf({ html, records, json, ...asked }: LoadFlags, { origin }: URL): Record<string, unknown> {
  return { ...asked, target: origin };
}

function report(summary: LoadSummary, { json }: LoadFlags, interrupted: boolean): void {
  if (json) printJson(summary);
  else console.log(`\n${summaryText(summary)}`);
  if (interrupted) console.error("millrace: Interrupted. Requests that had not ended are not counted.");
  if (summary.thresholds.some(({ holds }) => !holds)) process.exitCode = exitCode.failed;
  if (interrupted) process.exitCode = exitCode.interrupted;
}

/** Runs the test and shows its status on stderr. */
async function watched(
  flags: LoadFlags,
  shares: readonly Share[],
  target: MillraceTarget,
  write: (record: LabRecord) => void,
  signal: AbortSignal,
) {
  const profile = profileOf(flags);
  const live = createLive(profile);
  const begun = performance.now();
  const show = () => {
    const text = live.line(performance.now() - begun);
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  };
  const timer = setInterval(show, process.stderr.isTTY ? LIVE_MS : LOGGED_MS);
  const test: LoadTest = {
    profile,
    loop: flags.loop,
    everyMs: flags.every,
    shares,
    deadlineMs: flags.deadline,
    seed: flags.seed,
    target,
    signal,
    onSend: live.sent,
    write(record) {
      write(record);
      if (record.type === "request") live.ended(record);
    },
  };
  try {
    return await runLoadTest(test);
  } finally {
    clearInterval(timer);
    show();
    if (process.stderr.isTTY) process.stderr.write("\n");
  }
}

function profileOf({ profile, ramp: { from, to }, users, duration }: LoadFlags): Profile {
  if (profile === "ramp") return ramp(from, to, duration);
  if (profile === "spike") return spike(from, to, duration);
  return profile === "soak" ? soak(users, duration) : mixed(users, duration);
}

/** Parses `convert=3,label=1`, or a single name. */
function sharesOf(text: string): Share[] {
  return text.split(",").map((part) => {
    const [scenario = "", weight = "1", more] = part.trim().split("=");
    if (scenario === "" || more !== undefined || !(Number(weight) > 0))
      throw usageError(
        `--scenario "${text.slice(0, 80)}" is neither a name nor a list such as convert=3,label=1.`,
      );
    return { scenario, weight: Number(weight) };
  });
}

async function scenariosOf(shares: readonly Share[], flags: LoadFlags) {
  if (shares.length > 1 && (flags.file.length > 0 || flags.option.length > 0))
    throw usageError("--file and --option need a single scenario.");
  const options = await optionsOf(flags.option);
  const read = shares.map(async ({ scenario }) => {
    return [scenario, await loadScenario(scenario, { files: flags.file, options })] as const;
  });
  return new Map(await Promise.all(read));
}

/** Checks that the pipelines exist, so that a typo is not measured as failures. */
async function checkPipelines(names: readonly string[], { target }: LoadFlags): Promise<void> {
  const client = serverOf({ server: target });
  for (const name of new Set(names)) await client.pipeline(name);
}

/** Loads the report renderer before the test, so that a missing package is noticed in time. */
async function reportRenderer() {
  const { loadReport } = await import("../../lab/report/load-report.ts");
  return loadReport();
}

function recordsFile(path: string | undefined) {
  if (path === undefined) return { write() {}, async close() {} };
  const file = createWriteStream(path);
  const failed = once(file, "error").then(([error]) => error as Error);
  return {
    write(record: LabRecord) {
      file.write(`${JSON.stringify(record)}\n`);
    },
    async close() {
      const ended = new Promise((resolve) => file.end(resolve));
      const error = await Promise.race([failed, ended]);
      if (error instanceof Error) throw usageError(`${path} cannot be written: ${error.message}`);
    },
  };
}
