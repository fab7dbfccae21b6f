import { removeUpload } from "../api/client.ts";
import { createStore } from "../store/store.ts";
import { dropSubmission, keptSubmissions } from "./kept-submissions.ts";
import { lockedKeys } from "./lock.ts";
import type { Submission } from "./submission.ts";
import { currentKey, resume } from "./uploading.ts";

/** Interrupted uploads of earlier visits that no other tab has resumed. */
export const unfinishedStore = createStore<readonly Submission[]>([]);

/** Resumed or discarded here. An earlier query must not bring them back. */
const decided = new Set<string>();

/** A closing tab holds its lock for a moment. */
const againMs = 1_500;

export function watchUnfinished(): () => void {
  const look = () => void lookForUnfinished();
  const onVisible = () => !document.hidden && look();
  const timer = setTimeout(look, againMs);
  document.addEventListener("visibilitychange", onVisible);
  look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
}

async function lookForUnfinished(): Promise<void> {
  // Without storage, there is nothing to resume.
  const kept = await keptSubmissions(Date.now()).catch(() => []);
  const locked = kept.length > 0 ? await lockedKeys() : new Set();
  unfinishedStore.set(
    kept.filter(({ key }) => !locked.has(key) && !decided.has(key) && key !== currentKey()),
  );
}

export function resumeUnfinished(submission: Submission): void {
  takeOff(submission);
  void resume(submission);
}

export async function discardUnfinished(submission: Submission): Promise<void> {
  await dropSubmission(submission.key).catch(() => {});
  takeOff(submission);
  for (const { uploadId } of submission.parts) if (uploadId) await removeUpload(uploadId).catch(() => {});
}

function takeOff({ key }: Submission): void {
  decided.add(key);
  unfinishedStore.set((now) => now.filter((kept) => kept.key !== key));
}
