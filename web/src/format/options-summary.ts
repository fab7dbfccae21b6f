import type { Json } from "../api/contract.ts";
import { typeName } from "./file-types.ts";

/** The few options that distinguish jobs in a list: `WebP · 1280 px · q80`. */
export function optionsSummary(options: Json): string {
  if (typeof options !== "object" || options === null || Array.isArray(options)) return "";
  const { format, width, height, quality, watermark } = options;
  const parts: string[] = [];
  if (typeof format === "string") parts.push(format === "original" ? "=" : typeName(format));
  if (typeof width === "number" || typeof height === "number") {
    parts.push(width && height ? `${width} × ${height}` : width ? `${width} px` : `↕ ${height} px`);
  }
  if (typeof quality === "number") parts.push(`q${quality}`);
  if (watermark && typeof watermark === "object") parts.push("©");
  if (parts.length > 0) return parts.join(" · ");
  return Object.entries(options)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .slice(0, 2)
    .map(([name, value]) => `${name}: ${String(value).slice(0, 30)}`)
    .join(" · ");
}
