import { safeName } from "./file-name.ts";
import type { PlanStep } from "./records.ts";

/** The step before all others that fetches files given by URL. The name is reserved. */
export const FETCH_STEP = "fetch-url";

/** Whether a job has the fetch step. Items that came with a file skip it. */
export function fetchesFiles(plan: readonly PlanStep[]): boolean {
  return plan[0]?.name === FETCH_STEP;
}

/** A file name derived from its URL: the last segment of the path. */
export function nameOfUrl(url: URL): string {
  const last = url.pathname.split("/").findLast((part) => part !== "") ?? "";
  return safeName(last === "" ? url.hostname : unescaped(last));
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
