import { safeName, uniqueNames } from "../../domain/file-name.ts";
import { isPart, partAt } from "../../domain/parts.ts";
import { type FileRef, JOB_ITEM, type JobRecord, type TaskRecord } from "../../domain/records.ts";
import { writtenBySteps } from "../../domain/step-views.ts";
import { writtenBy } from "../../domain/stored.ts";
import { failureView, fileView, iso, itemState, warningsOf } from "../../domain/views.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

export interface PlannedFile {
  file: FileRef;
  /** Unique in the ZIP, and safe on every system. */
  name: string;
}

export interface ArchivePlan {
  files: PlannedFile[];
  /** @param missing files whose bytes are gone */
  manifest(missing: ReadonlySet<FileRef>): string;
}

export interface ArchiveOptions {
  /** Include files of earlier steps and of parts, in folders named after their steps. */
  everything: boolean;
}

export const MANIFEST = "manifest.json";
/** Folder for files of earlier steps and of parts. */
const STEPS = "steps";
/** The manifest repeats the options for each item, unless that takes more characters than this. */
const MAX_OPTIONS_CHARACTERS = 8 * 1024 * 1024;

/**
 * Plans a job's ZIP, and the manifest that says how each file was made.
 * @param tasks the job's own task, those of its items, and with `everything` those of their parts
 */
export function planArchive(
  job: JobRecord,
  tasks: readonly TaskRecord[],
  pipeline: Pipeline | undefined,
  { everything }: ArchiveOptions = { everything: false },
): ArchivePlan {
  const written = tasks
    .flatMap((task) => filesOf(job, task))
    .filter(({ isResult }) => isResult || everything);
  // Inputs that an item passed on may have been deleted once the job succeeded. The manifest still lists them.
  const kept = written.filter(({ file }) => !file.deleted);
  const results = kept.filter(({ isResult }) => isResult);
  const others = kept.filter(({ isResult }) => !isResult);
  // Keeps files from taking the names of the manifest and the folder.
  const reserved = [MANIFEST, STEPS];
  const names = uniqueNames([
    ...reserved,
    ...results.map(({ file }) => safeName(file.name)),
    ...others.map(({ file, step }) => `${STEPS}/${safeName(step)}/${safeName(file.name)}`),
  ]).slice(reserved.length);
  const files = [...results, ...others].map(({ file }, index) => ({ file, name: names[index]! }));
  const nameOf = new Map(files.map(({ file, name }) => [file, name]));
  const stepOf = new Map(written.map(({ file, step }) => [file, step]));
  const repeats = JSON.stringify(job.options).length * tasks.length <= MAX_OPTIONS_CHARACTERS;

  return {
    files,
    manifest(missing) {
      const made = (file: FileRef) => ({
        ...fileView(file),
        name: nameOf.get(file) ?? file.name,
        step: stepOf.get(file)!,
        missing: missing.has(file) || undefined,
      });
      const entry = (task: TaskRecord) => describeTask(job, task, { made, versionOf, everything });
      const own = tasks.find((task) => task.item === JOB_ITEM);
      const parts = Map.groupBy(tasks.filter(isPart), (part) => partAt(part.item)!.item);
      const partsOf = ({ item }: TaskRecord) =>
        parts.get(item)?.map((part) => ({
          index: partAt(part.item)!.part,
          name: part.name,
          data: part.part!.data,
          ...entry(part),
        }));
      const manifest = {
        job: {
          ...describeJob(job),
          resultFile: own?.resultFile ? made(own.resultFile) : null,
          ...(own && {
            outputs: writtenBySteps(job, own).flatMap(({ made: { outputs } }) => outputs.map(made)),
            steps: entry(own).steps,
          }),
        },
        items: tasks
          .filter((task) => task.item >= 0)
          .map((task) => ({
            index: task.item,
            name: task.name,
            options: task.options ? task.options.value : repeats ? job.options : undefined,
            input: task.input && fileView(task.input),
            data: task.data,
            dataFile: task.dataFile && fileView(task.dataFile),
            ...entry(task),
            parts: partsOf(task),
          })),
      };
      return JSON.stringify(manifest, null, 2);
    },
  };

  /** `null` unless the loaded pipeline is the version that ran the job: only that knows its step versions. */
  function versionOf(step: string): string | null {
    if (pipeline?.version !== job.version) return null;
    return pipeline.steps.find((one) => one.name === step)?.version ?? null;
  }
}

interface WrittenFile {
  file: FileRef;
  step: string;
  /** Made by the last step of an item, or by the job itself. */
  isResult: boolean;
}

/** Every file that the steps of a task wrote. */
function filesOf(job: JobRecord, task: TaskRecord): WrittenFile[] {
  const present = new Set(writtenBy(task));
  const isOfJob = task.item === JOB_ITEM;
  const bySteps = writtenBySteps(job, task).flatMap(({ step, made }) => {
    const results = (file: FileRef) =>
      !isPart(task) && (present.has(file) || (isOfJob && made.outputs.includes(file)));
    return writtenBy(made).map((file) => ({ file, step, isResult: results(file) }));
  });
  // Files that passed through an item without a step of their own are also results.
  const known = new Set(bySteps.map(({ file }) => file));
  const step = job.plan[task.step]?.name ?? "";
  const passed = [...present].filter((file) => !known.has(file));
  return [...bySteps, ...passed.map((file) => ({ file, step, isResult: !isPart(task) }))];
}

interface Describing {
  made(file: FileRef): object;
  versionOf(step: string): string | null;
  everything: boolean;
}

/** Outcome of a task and of each of its steps. */
function describeTask(job: JobRecord, task: TaskRecord, { made, versionOf, everything }: Describing) {
  const bySteps = new Map(writtenBySteps(job, task).map(({ step, made }) => [step, made]));
  return {
    state: itemState(task),
    outputs: task.outputs.map(made),
    steps: task.trail.map(({ step, attempt, cached, ms, warnings = [], children = [] }) => ({
      step,
      attempt,
      cached,
      startedAt: iso(bySteps.get(step)!.startedAt),
      ms,
      version: versionOf(step),
      warnings,
      children,
      outputs: everything ? writtenBy(bySteps.get(step)!).map(made) : undefined,
    })),
    result: task.result,
    resultFile: task.resultFile && made(task.resultFile),
    error: failureView(task.error),
    warnings: warningsOf(task),
  };
}

function describeJob(job: JobRecord) {
  return {
    id: job.id,
    pipeline: job.pipeline,
    pipelineVersion: job.version,
    state: job.state,
    options: job.options,
    attachments: job.attachments.map(fileView),
    metadata: job.metadata,
    createdAt: new Date(job.createdAt).toISOString(),
    finishedAt: iso(job.finishedAt),
    result: job.result,
    error: failureView(job.error),
    warnings: job.warnings,
  };
}
