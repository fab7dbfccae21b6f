import { MAX_METADATA } from "../../domain/job-spec.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/** Files that a request may name, whatever its pipeline takes. */
export const MOST_FILES = 10_000;
const LONGEST_DELAY_MS = 366 * 24 * 3_600_000;

/** Rejects with `too_many_files` before anything is looked up. */
export function checkMost({ name, accepts: { maxFiles } }: Pipeline, files: number): void {
  if (files <= maxFiles) return;
  const text = `${name} takes at most ${maxFiles} files. This request has ${files}.`;
  throw new MillraceError("too_many_files", text, { extra: { limit: maxFiles } });
}

/** Rejects with `invalid_request` for too few, or with `invalid_items` for neither or both kinds. */
export function checkCount({ name, accepts }: Pipeline, files: number, items: number): void {
  const { minFiles } = accepts;
  if (items > 0 && files > 0) {
    const text = "A job takes either files or items of data, not both. Send two jobs.";
    throw new MillraceError("invalid_items", text, {
      extra: { issues: [{ path: "items", message: "come with files" }] },
    });
  }
  if (items > 0) return;
  if (accepts.data !== null && accepts.mediaTypes.length === 0) {
    const text = `${name} needs at least 1 item of data. This request has none.`;
    throw new MillraceError("invalid_items", text, { extra: { limit: 1 } });
  }
  if (files < minFiles) {
    const text = `${name} needs at least ${minFiles} file${minFiles === 1 ? "" : "s"}. This request has ${files}.`;
    throw new MillraceError("invalid_request", text, { extra: { limit: minFiles } });
  }
}

export function checkMetadata(metadata: Record<string, string>): void {
  const entries = Object.entries(metadata);
  if (entries.length > MAX_METADATA) {
    throw new MillraceError(
      "invalid_request",
      `metadata takes at most ${MAX_METADATA} strings. This request has ${entries.length}.`,
    );
  }
}

/** When a job may start; `null` for at once, including times in the past. */
export function startOf(asked: number | undefined, now: number): number | null {
  if (asked === undefined || asked <= now) return null;
  if (asked - now <= LONGEST_DELAY_MS) return asked;
  const message = "is more than a year ahead";
  throw new MillraceError("invalid_options", `startAt: ${message}.`, {
    extra: { issues: [{ path: "startAt", message }] },
  });
}
