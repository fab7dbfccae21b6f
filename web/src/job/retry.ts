import type { Job, JobItem } from "../api/contract.ts";

/** Errors that depend only on the file, a limit or the options, so a retry would fail again. */
const hopeless: ReadonlySet<string> = new Set([
  "undecodable_file",
  "unsupported_media",
  "file_too_large",
  "too_many_pixels",
  "too_many_frames",
  "too_many_pages",
  "too_many_parts",
  "too_much_memory",
  "too_deep",
  "invalid_options",
  "invalid_items",
  "address_refused",
  "gone",
]);

/** Whether a retry may succeed. Items that are not loaded may have failed for any reason. */
export function retryMayHelp({ items, progress }: Pick<Job, "items" | "progress">): boolean {
  if (items.length < progress.total) return true;
  return items.some((item) => item.parts.failed > 0 || (item.state === "failed" && mayChange(item)));
}

function mayChange({ error }: Pick<JobItem, "error">): boolean {
  return error === null || !hopeless.has(error.code);
}
