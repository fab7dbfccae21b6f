import { dropSubmission, saveContent, savePart, saveSubmission } from "./kept-submissions.ts";
import type { FilePart, Submission } from "./submission.ts";

/** Whether an upload could be gone on with after a reload; `refused` by the browser. */
export type Kept = "not yet" | "kept" | "refused";

/** What is over by then needs no copy. */
const delayMs = 1_000;

export interface SubmissionCopy {
  state(): Kept;
  changed(part: FilePart): void;
  /** It has ended: nothing of it stays. Never rejects. */
  drop(): Promise<void>;
}

/** Keeps a submission for another visit while it is sent: only what has not come yet, one file after another. */
export function keepSubmission(submission: Submission, alreadyKept: boolean): SubmissionCopy {
  const { key, parts } = submission;
  let state: Kept = alreadyKept ? "kept" : "not yet";
  let began = alreadyKept;
  let dropped = false;
  /** Writes go one by one, in order: an older state of a part never replaces a newer one. */
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
