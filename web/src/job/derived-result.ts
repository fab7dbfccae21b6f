import type { Json } from "../api/contract.ts";

/** The fields of `image.derive`'s result that are shown. */
export interface Derived {
  srcset: {
    width: number;
    height: number;
    sources: {
      mediaType: string;
      images: { artifactId: string; url: string; width: number; height: number; bytes: number }[];
    }[];
  };
  html: string;
  published: boolean;
  /** Base64 ThumbHash. */
  placeholder: { thumbhash: string };
  colors: { color: string; share: number }[];
  phash: string | null;
  duplicates: { artifactId: string; jobId: string; distance: number }[];
  exif: { [tag: string]: string | number | (string | number)[] } | null;
  gps: { latitude: number; longitude: number } | null;
}

/** Reads an item's result as derived images. `null` for other results. */
export function readDerived(result: Json): Derived | null {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return null;
  const { srcset, html, placeholder, colors, duplicates } = result;
  const isDerived =
    typeof html === "string" &&
    isRecord(srcset) &&
    isRecord(placeholder) &&
    typeof placeholder.thumbhash === "string" &&
    Array.isArray(srcset.sources) &&
    Array.isArray(colors) &&
    Array.isArray(duplicates);
  return isDerived ? (result as unknown as Derived) : null;
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
