import { createJob, removeUpload } from "../api/client.ts";
import type { Job } from "../api/contract.ts";
import { asProblem, type Problem, type ProblemCode } from "../api/problem.ts";
import { createStore } from "../store/store.ts";
import { holdLock } from "./lock.ts";
import { type Measured, measureUpload } from "./measure.ts";
import { sendFiles } from "./send-files.ts";
import { type Contents, type FilePart, isSame, jobOf, newSubmission, type Submission } from "./submission.ts";
import { type Kept, keepSubmission, type SubmissionCopy } from "./submission-copy.ts";

/** `resumed`: it was begun before the page was loaded, and is not what the form shows. */
export type UploadState =
  | { phase: "idle" }
  | ({ phase: "sending"; resumed: boolean; files: number; kept: Kept } & Measured)
  | { phase: "failed"; resumed: boolean; problem: Problem }
  | { phase: "accepted"; resumed: boolean; job: Job; files: readonly (File | null)[] };

/** The upload goes on while other pages are visited. */
export const uploadStore = createStore<UploadState>({ phase: "idle" });

interface Current {
  submission: Submission;
  copy: SubmissionCopy;
  resumed: boolean;
}

/**
 * What is not worth repeating by itself, but may be by hand, or after a reload: a file that was changed on the disk
 * can be read from its copy, and a page that is being closed can read none.
 */
const mayBeMended: ReadonlySet<ProblemCode> = new Set([
  "queue_full",
  "storage_full",
  "unreadable_file",
  "not_found",
]);

let current: Current | null = null;
let running: AbortController | null = null;

/** Sends a job. Sending the very same again after a failure goes on with it, so that no second job comes of it. */
export function submit(contents: Contents): Promise<void> {
  if (running) return Promise.resolve();
  if (!current || current.resumed || !isSame(current.submission, contents)) {
    const submission = newSubmission(contents, current?.submission ?? null);
    if (!current?.resumed) void current?.copy.drop();
    current = { submission, copy: keepSubmission(submission, false), resumed: false };
  }
  return run(current);
}

/** Goes on with what an earlier visit began. */
export function resume(submission: Submission): Promise<void> {
  if (running) return Promise.resolve();
  if (current?.submission.key !== submission.key) {
    current = { submission, copy: keepSubmission(submission, true), resumed: true };
  }
  return run(current);
}

/** After a failure: once more the same. */
export function tryAgain(): Promise<void> {
  return current && !running ? run(current) : Promise.resolve();
}

/** Gives an upload up, or what is left of one that failed. */
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

/** The submission of this page: it is not offered as one of an earlier visit. */
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
    // In this order: cut off in between, it is gone on with and leads to the same job.
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
    // Uploads that the server has forgotten: what is still at hand is sent anew.
    for (const part of parts) if (part.file) Object.assign(part, { uploadId: null, done: false });
  }
  if (!problem.isTransient && !mayBeMended.has(problem.code)) void copy.drop();
}

/** The server keeps files for their jobs; the uploads themselves are of no more use. */
async function forgetUploads(parts: readonly FilePart[]): Promise<void> {
  for (const { uploadId } of parts) if (uploadId) await removeUpload(uploadId).catch(() => {});
}
