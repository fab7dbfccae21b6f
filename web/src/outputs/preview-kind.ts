import type { FileView } from "../api/contract.ts";
import { isShown } from "../pictures/shown.ts";

export type PreviewKind = "picture" | "pdf" | "table" | "json" | "text";

/** Pictures of more bytes are shown where somebody asks for them, and not before. */
export const thumbnailBytes = 1_500_000;
/** Of a text that is shown; the rest is in the download. */
export const textBytes = 256 * 1024;
/** A PDF is read as a whole. */
export const pdfBytes = 64 * 1024 * 1024;

/** How a file is shown in place; `null`: it can only be downloaded. What a page could run is shown as its text. */
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

/** Indented where the whole of it is there and can be read; as it is otherwise. */
export function readableJson(text: string, isWhole: boolean): string {
  if (!isWhole) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
