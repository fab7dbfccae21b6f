import type { FileView } from "../api/contract.ts";
import { isShown } from "../pictures/shown.ts";

export type PreviewKind = "picture" | "pdf" | "table" | "json" | "text";

/** Larger images are only shown on demand. */
export const thumbnailBytes = 1_500_000;
/** How much text to show. The download contains the rest. */
export const textBytes = 256 * 1024;
/** Limit for PDFs, which are loaded completely. */
export const pdfBytes = 64 * 1024 * 1024;

/** How to preview a file. `null` if it can only be downloaded. Files that could run scripts are shown as text. */
export function previewKind(file: FileView): PreviewKind | null {
  const { bytes } = file;
  if (bytes === 0) return null;
  const type = file.mediaType.split(";", 1)[0]!.trim().toLowerCase();
  if (isShown(file)) return "picture";
  if (type === "application/pdf") return bytes <= pdfBytes ? "pdf" : null;
  if (type === "text/csv" || type === "text/tab-separated-values") return "table";
  if (/^application\/(.+\+)?json$/.test(type)) return "json";
  if (/^text\//.test(type) || /[/+](xml|yaml|x-yaml|x-ndjson|ndjson|javascript|toml|sql)$/.test(type))
    return "text";
  return null;
}

/** Indents complete, valid JSON. Returns anything else as it is. */
export function readableJson(text: string, isWhole: boolean): string {
  if (!isWhole) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
