import { dropSubmission, saveContent, savePart, saveSubmission } from "./kept-submissions.ts";
import type { FilePart, Submission } from "./submission.ts";

/** Whether the upload can be resumed after a reload. `refused` by the browser. */
export type Kept = "not yet" | "kept" | "refused";

/** Uploads that finish sooner need no copy. */
const delayMs = 1_000;

export interface SubmissionCopy {
  state(): Kept;
  changed(part: FilePart): void;
  /** Deletes the copy. Never rejects. */
  drop(): Promise<void>;
}

/** Stores a submission for another visit while it is sent, with the files that are not uploaded yet, one at a time. */
export function keepSubmission(submission: Submission, alreadyKept: boolean): SubmissionCopy {
  const { key, parts } = submission;
  let state: Kept = alreadyKept ? "kept" : "not yet";
  let began = alreadyKept;
  let dropped = false;
  /** Writes run one at a time, in order, so that an older state never replaces a newer one. */
  let last: Promise<void> = Promise.resolve();

  const write = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work).catch(() => {
      if (!dropped) state = "refused";
    });
    return last;
  };

  async function begin(): Promise<void> {
    began = true;
    await write(() => saveSubmission(submission));
    for (const [index, { file }] of parts.entries()) {
      if (dropped || state === "refused") break;
      await write(async () => {
        if (file && !dropped && !parts[index]?.done) await saveContent(key, index, file);
      });
    }
    if (state === "refused") await dropSubmission(key).catch(() => {});
    else if (!dropped) state = "kept";
  }

  const timer = alreadyKept ? undefined : setTimeout(begin, delayMs);
  return {
    state: () => state,
    changed(part) {
      if (began && !dropped && state !== "refused")
        void write(() => savePart(key, parts.indexOf(part), part));
    },
    async drop() {
      clearTimeout(timer);
      dropped = true;
      state = "not yet";
      if (began) await last.then(() => dropSubmission(key)).catch(() => {});
    },
  };
}
