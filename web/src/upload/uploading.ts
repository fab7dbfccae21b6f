import { createJob, removeUpload } from "../api/client.ts";
import type { Job } from "../api/contract.ts";
import { asProblem, type Problem, type ProblemCode } from "../api/problem.ts";
import { createStore } from "../store/store.ts";
import { holdLock } from "./lock.ts";
import { type Measured, measureUpload } from "./measure.ts";
import { sendFiles } from "./send-files.ts";
import { type Contents, type FilePart, isSame, jobOf, newSubmission, type Submission } from "./submission.ts";
import { type Kept, keepSubmission, type SubmissionCopy } from "./submission-copy.ts";

/** `resumed`: the upload comes from an earlier visit and is not what the form shows. */
export type UploadState =
  | { phase: "idle" }
  | ({ phase: "sending"; resumed: boolean; files: number; kept: Kept } & Measured)
  | { phase: "failed"; resumed: boolean; problem: Problem }
  | { phase: "accepted"; resumed: boolean; job: Job; files: readonly (File | null)[] };

/** Outlives the page component, so that uploads continue while other pages are open. */
export const uploadStore = createStore<UploadState>({ phase: "idle" });

interface Current {
  submission: Submission;
  copy: SubmissionCopy;
  resumed: boolean;
}

/**
 * Problems that need a manual retry or a reload: for example, a file that changed on disk can be read from its copy,
 * and a page that is being closed cannot read files.
 */
const mayBeMended: ReadonlySet<ProblemCode> = new Set([
  "queue_full",
  "storage_full",
  "unreadable_file",
  "not_found",
]);

let current: Current | null = null;
let running: AbortController | null = null;

/** Sends a job. Sending the same contents again after a failure resumes it, so that there is only one job. */
export function submit(contents: Contents): Promise<void> {
  if (running) return Promise.resolve();
  if (!current || current.resumed || !isSame(current.submission, contents)) {
    const submission = newSubmission(contents, current?.submission ?? null);
    if (!current?.resumed) void current?.copy.drop();
    current = { submission, copy: keepSubmission(submission, false), resumed: false };
  }
  return run(current);
}

/** Resumes a submission of an earlier visit. */
export function resume(submission: Submission): Promise<void> {
  if (running) return Promise.resolve();
  if (current?.submission.key !== submission.key) {
    current = { submission, copy: keepSubmission(submission, true), resumed: true };
  }
  return run(current);
}

/** Retries after a failure. */
export function tryAgain(): Promise<void> {
  return current && !running ? run(current) : Promise.resolve();
}

/** Cancels an upload, or discards a failed one. */
export function cancelUpload(): void {
  running?.abort();
  if (!current) return;
  void current.copy.drop();
  void forgetUploads(current.submission.parts);
  current = null;
  uploadStore.set({ phase: "idle" });
}

export function dismissUpload(): void {
  if (!running) uploadStore.set({ phase: "idle" });
}

/** Key of this page's submission, which is not offered for resuming. */
export function currentKey(): string | null {
  return current?.submission.key ?? null;
}

async function run({ submission, copy, resumed }: Current): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  running = controller;
  const { parts } = submission;
  const files = parts.filter(({ path }) => path === null).map(({ file }) => file);
  const show = (measured: Measured) => {
    const kept = copy.state();
    if (!signal.aborted)
      uploadStore.set({ phase: "sending", resumed, files: files.length, kept, ...measured });
  };
  const progress = measureUpload(parts, show);
  const unlock = holdLock(submission.key);
  const leaving = (event: BeforeUnloadEvent) => copy.state() !== "kept" && event.preventDefault();
  window.addEventListener("beforeunload", leaving);
  let end: UploadState;
  try {
    await sendFiles(parts, { signal, onSent: progress.sent, onChange: copy.changed });
    const job = await createJob(jobOf(submission), submission.key, signal);
    // In this order: if interrupted in between, resuming leads to the same job.
    await copy.drop();
    void forgetUploads(parts);
    current = null;
    end = { phase: "accepted", resumed, job, files };
  } catch (error) {
    const problem = asProblem(error);
    if (!signal.aborted) prepareRepetition(submission, copy, problem);
    end = { phase: "failed", resumed, problem };
  } finally {
    progress.stop();
    unlock();
    window.removeEventListener("beforeunload", leaving);
    if (running === controller) running = null;
  }
  if (!signal.aborted) uploadStore.set(end);
}

function prepareRepetition({ parts }: Submission, copy: SubmissionCopy, problem: Problem): void {
  if (problem.code === "not_found") {
    // The server no longer has the uploads. Send the files that we still have again.
    for (const part of parts) if (part.file) Object.assign(part, { uploadId: null, done: false });
  }
  if (!problem.isTransient && !mayBeMended.has(problem.code)) void copy.drop();
}

/** The job has its own copies of the files, so the uploads can go. */
async function forgetUploads(parts: readonly FilePart[]): Promise<void> {
  for (const { uploadId } of parts) if (uploadId) await removeUpload(uploadId).catch(() => {});
}
