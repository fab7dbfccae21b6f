import type { DominantColor } from "./colors.ts";

/** A rendition and its URL. */
export interface Rendition {
  artifactId: string;
  url: string;
  width: number;
  height: number;
  bytes: number;
}

export interface Source {
  mediaType: string;
  /** Value of the `srcset` attribute. */
  srcset: string;
  /** Narrowest first. */
  images: Rendition[];
}

export interface Srcset {
  /** Value of the `sizes` attribute. */
  sizes: string;
  /** Of the widest rendition. */
  width: number;
  height: number;
  /** Best first. Serve the first one whose media type `Accept` contains, or else the last one. */
  sources: Source[];
}

export function sourceOf(mediaType: string, images: Rendition[]): Source {
  return { mediaType, images, srcset: images.map(({ url, width }) => `${url} ${width}w`).join(", ") };
}

/** A `picture` element, from which each browser picks the best format it supports and the width it needs. */
export function htmlOf(
  { sizes, width, height, sources }: Srcset,
  { alt, colors }: { alt: string; colors: readonly DominantColor[] },
): string {
  const better = sources
    .slice(0, -1)
    .map(({ mediaType, srcset }) => `  <source${attributes({ type: mediaType, srcset, sizes })}>\n`);
  const { srcset, images } = sources.at(-1)!;
  const image = attributes({
    ...{ src: images.at(-1)!.url, srcset, sizes, alt },
    ...{ width: String(width), height: String(height), loading: "lazy", decoding: "async" },
    ...(colors[0] && { style: `background-color:${colors[0].color}` }),
  });
  return `<picture>\n${better.join("")}  <img${image}>\n</picture>`;
}

function attributes(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join("");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;" };

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (character) => ENTITIES[character]!);
}
