import { safeName, uniqueNames } from "../../domain/file-name.ts";
import { type FileRef, JOB_ITEM, type JobRecord, type TaskRecord } from "../../domain/records.ts";
import { failureView, fileView, itemState, warningsOf } from "../../domain/views.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

export interface PlannedFile {
  file: FileRef;
  /** In the ZIP: safe on every system, and unlike all others. */
  name: string;
}

export interface ArchivePlan {
  files: PlannedFile[];
  /** @param missing files whose bytes turned out to be gone */
  manifest(missing: ReadonlySet<FileRef>): string;
}

export const MANIFEST = "manifest.json";
/** Of the options, which the manifest tells for each item, unless they would take more than this. */
const MAX_OPTIONS_CHARACTERS = 8 * 1024 * 1024;

/** What goes into a job's ZIP, and the manifest that says how each file was made. */
export function planArchive(
  job: JobRecord,
  tasks: readonly TaskRecord[],
  pipeline: Pipeline | undefined,
): ArchivePlan {
  const kept = tasks.flatMap((task) => (task.resultFile ? [...task.outputs, task.resultFile] : task.outputs));
  const [, ...names] = uniqueNames([MANIFEST, ...kept.map((file) => safeName(file.name))]);
  const files = kept.map((file, index) => ({ file, name: names[index]! }));
  const repeats = JSON.stringify(job.options).length * tasks.length <= MAX_OPTIONS_CHARACTERS;
  const nameOf = new Map(files.map(({ file, name }) => [file, name]));

  return {
    files,
    manifest(missing) {
      const made = (file: FileRef) => ({
        ...fileView(file),
        name: nameOf.get(file)!,
        missing: missing.has(file) || undefined,
      });
      const entry = (task: TaskRecord) => ({
        state: itemState(task),
        input: task.input && fileView(task.input),
        data: task.data,
        dataFile: task.dataFile && fileView(task.dataFile),
        outputs: task.outputs.map(made),
        steps: task.trail.map(({ warnings = [], children = [], ...step }) => ({
          ...step,
          version: versionOf(step.step),
          warnings,
          children,
        })),
        result: task.result,
        resultFile: task.resultFile && made(task.resultFile),
        error: failureView(task.error),
        warnings: warningsOf(task),
      });
      const total = tasks.find((task) => task.item === JOB_ITEM);
      return JSON.stringify(
        {
          job: {
            id: job.id,
            pipeline: job.pipeline,
            pipelineVersion: job.version,
            state: job.state,
            options: job.options,
            attachments: job.attachments.map(fileView),
            metadata: job.metadata,
            createdAt: new Date(job.createdAt).toISOString(),
            finishedAt: job.finishedAt === null ? null : new Date(job.finishedAt).toISOString(),
            result: job.result,
            resultFile: total?.resultFile ? made(total.resultFile) : null,
            error: failureView(job.error),
            warnings: job.warnings,
            ...(total && { outputs: total.outputs.map(made), steps: entry(total).steps }),
          },
          items: tasks
            .filter((task) => task.item !== JOB_ITEM)
            .map((task) => ({
              index: task.item,
              name: task.name,
              options: repeats ? job.options : undefined,
              ...entry(task),
            })),
        },
        null,
        2,
      );
    },
  };

  /** Only the code of the job's own version says what its steps were. */
  function versionOf(step: string): string | null {
    if (pipeline?.version !== job.version) return null;
    return pipeline.steps.find((one) => one.name === step)?.version ?? null;
  }
}
