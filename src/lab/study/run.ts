import { mkdir } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { MillraceError } from "../../errors.ts";
import type { Services } from "../architectures/architecture.ts";
import { type Program, startProgram } from "../architectures/child.ts";
import { subjects } from "../architectures/index.ts";
import type { LabRecord, RunRecord } from "../records.ts";
import { runRecord } from "../run-record.ts";
import { inputOf } from "../workloads/input.ts";
import type { WorkloadName, WorkSettings } from "../workloads/workload.ts";
import { type Calibration, calibrate } from "./calibrate.ts";
import { measure, type Workbench } from "./cell.ts";
import { openJournal } from "./journal.ts";
import { estimate, type PlannedCell, planStudy, type StudyOptions } from "./plan.ts";
import { progressOf } from "./progress.ts";
import { versionsOf } from "./versions.ts";

export interface StudySettings {
  options: StudyOptions;
  services: Services;
  /** Folder for the results, with records in `records.ndjson`. Skips what earlier runs have measured. */
  out: string;
  /** The user's own files for `document.ocr` and `image.convert`. */
  files: Partial<Record<WorkloadName, string>>;
  seed: number;
  /** Duration of a request of `sleep` and `exclusive`. */
  sleepMs: number;
  /** Stops the study. The current cell does not count. */
  signal: AbortSignal;
  say(line: string): void;
}

export interface StudyOutcome {
  /** Path of the record file. */
  path: string;
  /** Cells that could not be measured, and why. */
  failed: { key: string; why: string }[];
}

const SPIN_SLICES = 200;

function amountOf(workload: WorkloadName, sleepMs: number): number {
  return workload === "spin" ? SPIN_SLICES : sleepMs;
}

/** Measures the cells that are not in the folder yet. */
export async function runStudy(settings: StudySettings): Promise<StudyOutcome> {
  const { options, services, out, seed, sleepMs, signal, say } = settings;
  await mkdir(out, { recursive: true });
  const path = join(out, "records.ndjson");
  const journal = await openJournal(path);
  const device = await startProgram(new URL("../workloads/device-process.ts", import.meta.url), {});
  try {
    checkGoesOn(journal.earlier, settings);
    const left = await leftOut(settings, journal.add);
    const done = endedKeys(journal.earlier);
    const cells = planStudy(options).filter(({ key, subject }) => !done.has(key) && !left.has(subject));
    if (done.size > 0) say(`Cells measured by earlier runs: ${done.size}. They are skipped.`);
    const benches = await benchesOf(settings, device, earlierCalibrations(journal.earlier));
    const calibrations = Object.fromEntries([...benches].map(([name, bench]) => [name, bench.calibration]));
    const { keeps: _, ...given } = options;
    const versions = await versionsOf(services);
    // Record the load of other programs, so that the report can mention it.
    const loadAverage = loadavg()[0]!;
    journal.add(runRecord({ seed, options: { ...given, sleepMs, calibrations, loadAverage }, versions }));
    const seconds = cells.map((cell) =>
      estimate(cell, benches.get(cell.workload)!.calibration, options.seconds),
    );
    const progress = progressOf(seconds, say);
    const failed: StudyOutcome["failed"] = [];
    for (const cell of cells) {
      if (signal.aborted) break;
      progress.begins(cell.key);
      const id = `${cell.key}#${Date.now().toString(36)}`;
      await measure(id, cell, benches.get(cell.workload)!, journal.add, signal).catch((error: Error) => {
        failed.push({ key: cell.key, why: error.message });
        say(`  could not be measured: ${error.message}`);
      });
      progress.ended();
    }
    return { path, failed };
  } finally {
    await device.stop();
    await journal.close();
  }
}

/** Cells with different durations of work do not belong to the same study. */
function checkGoesOn(records: readonly LabRecord[], { sleepMs, out }: StudySettings): void {
  for (const record of records) {
    const before = record.type === "run" ? record.options.sleepMs : undefined;
    if (before === undefined || before === sleepMs) continue;
    const text = `The study in ${out} began with --sleep ${before}. Use the same value, or choose another folder with --out.`;
    throw new MillraceError("config_invalid", text);
  }
}

/** Records what cannot be measured on this machine. */
async function leftOut(
  { options, services, say }: StudySettings,
  add: (record: LabRecord) => void,
): Promise<Set<PlannedCell["subject"]>> {
  const left = new Set<PlannedCell["subject"]>();
  for (const subject of subjects) {
    const { architecture, variant } = subject;
    const why = options.architectures.includes(architecture) ? await subject.missing(services) : null;
    if (why === null) continue;
    left.add(subject);
    add({ type: "left-out", architecture, variant, why });
    say(`${architecture} is left out: ${why}. Run \`npm run services\` to start the missing servers.`);
  }
  return left;
}

/** Keys of completed cells. A cell's id is its key plus a suffix for the attempt. */
function endedKeys(records: readonly LabRecord[]): Set<string> {
  return new Set(
    records.flatMap((record) =>
      record.type === "end" ? [record.cell.slice(0, record.cell.lastIndexOf("#"))] : [],
    ),
  );
}

type Calibrations = Partial<Record<WorkloadName, Calibration>>;

/** Reuses earlier calibrations, so that a study has one scale. */
function earlierCalibrations(records: readonly LabRecord[]): Calibrations {
  const runs = records.filter((record): record is RunRecord => record.type === "run");
  return Object.assign({}, ...runs.map(({ options }) => options.calibrations ?? {})) as Calibrations;
}

async function benchesOf(
  { options, files, services, seed, sleepMs, say }: StudySettings,
  device: Program,
  known: Calibrations,
): Promise<Map<WorkloadName, Workbench>> {
  const benches = new Map<WorkloadName, Workbench>();
  for (const workload of options.workloads) {
    const file = await inputOf(workload, files[workload] ?? null);
    const settings: WorkSettings = { workload, amount: amountOf(workload, sleepMs), device: device.url };
    const calibration = known[workload] ?? (await calibrate(settings, file));
    say(`${workload}: one request takes ${Math.round(calibration.serviceMs)} ms without other load.`);
    benches.set(workload, { settings, file, calibration, services, seconds: options.seconds, seed });
  }
  return benches;
}
