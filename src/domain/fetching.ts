import { safeName } from "./file-name.ts";
import type { PlanStep } from "./records.ts";

/** The step in front of all others, which fetches the files that a job names by URL. No pipeline has one of this name. */
export const FETCH_STEP = "fetch-url";

/** Whether a job fetches files. Those that came with it pass that step. */
export function fetchesFiles(plan: readonly PlanStep[]): boolean {
  return plan[0]?.name === FETCH_STEP;
}

/** What a file is called by its URL: the end of its path. */
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
