import type { FileView } from "../api/contract.ts";

const shown = new Set([
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/avif",
  "image/gif",
  "image/svg+xml",
  "image/bmp",
]);

/** Whether browsers can show this type in an image element. */
export function isShown(file: FileView | null | undefined): file is FileView {
  return file !== null && file !== undefined && shown.has(file.mediaType);
}

export function dimensionsOf(file: FileView | undefined): { width: number; height: number } | null {
  const { width, height } = file?.meta ?? {};
  return typeof width === "number" && typeof height === "number" ? { width, height } : null;
}
