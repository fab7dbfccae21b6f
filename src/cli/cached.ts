import type { Job } from "../client/index.ts";

/** How much of a job came from the cache: `cached`, `2 of 3 items cached`, or nothing. */
export function cachedOf({
  progress: { total, cached },
  items,
  steps,
}: Pick<Job, "progress" | "items" | "steps">): string {
  const hasItemSteps = items.some((item) => item.steps.length > 0);
  if (cached === 0 && (hasItemSteps || steps.length === 0)) return "";
  const isWhole = (cached === total || !hasItemSteps) && steps.every((step) => step.cached);
  if (isWhole) return "cached";
  return cached === 0 ? "" : `${cached} of ${total} items cached`;
}
