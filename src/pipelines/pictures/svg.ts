import { constants, gunzipSync } from "node:zlib";
import { inWords, undecodable } from "./failure.ts";
import { asBrowsersDo } from "./svg-root.ts";

/** Maximum decompressed size of an SVG. */
const MAX_SVG_BYTES = 64 * 1024 * 1024;
/** How far to look for the root element, past a long comment or license. */
const HEAD_BYTES = 64 * 1024;

/** Whether a file is an SVG, as text in any encoding or compressed. */
export function isSvg(data: Buffer): boolean {
  const head = isGzip(data) ? unpackHead(data) : data.subarray(0, HEAD_BYTES);
  const text = head === null ? "" : textOf(head).trimStart();
  return text.startsWith("<") && /<([\w-]+:)?svg[\s>/]/.test(text);
}

/**
 * Converts an SVG so that librsvg accepts it and draws it like browsers do: decompressed, in UTF-8, with its root near
 * the beginning and lengths in pixels. We convert physical lengths to 96 dpi ourselves, because librsvg's resolution
 * would also scale lengths in pixels.
 */
export function plainSvg(data: Buffer, what: string): Buffer {
  const text = textOf(isGzip(data) ? unpack(data, what) : data);
  return Buffer.from(recognizable(asBrowsersDo(inPixels(withoutProlog(text)))));
}

function isGzip(data: Buffer): boolean {
  return data[0] === 0x1f && data[1] === 0x8b;
}

function unpackHead(data: Buffer): Buffer | null {
  try {
    // Deflate expands by a factor of about 1,000 at most.
    const head = gunzipSync(data.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
    return head.subarray(0, HEAD_BYTES);
  } catch {
    return null;
  }
}

function unpack(data: Buffer, what: string): Buffer {
  try {
    return gunzipSync(data, { maxOutputLength: MAX_SVG_BYTES });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw undecodable(
      tooLarge
        ? `${what} is larger than ${inWords(MAX_SVG_BYTES / 1024 / 1024)} MiB when decompressed, the limit for an SVG.`
        : `${what} is damaged: it cannot be decompressed. Upload an intact copy.`,
      error,
    );
  }
}

/** Decodes by byte order mark, or else the pattern of the first `<`, or else the XML declaration, or else UTF-8. */
function textOf(data: Buffer): string {
  return new TextDecoder(encodingOf(data)).decode(data);
}

function encodingOf(data: Buffer): string {
  const [first, second] = data;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return "utf-16be";
  const declaration = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(
    data.toString("latin1", 0, 200),
  );
  const label = declaration?.[1] ?? "utf-8";
  try {
    const { encoding } = new TextDecoder(label);
    // If we could read the declaration as ASCII, the document is not in UTF-16.
    return encoding.startsWith("utf-16") ? "utf-8" : encoding;
  } catch {
    return "utf-8";
  }
}

/** Removes the XML declaration, whose encoding is no longer true, and comments before the root. */
function withoutProlog(text: string): string {
  let rest = text.replace(/^\s*<\?xml[^>]*\?>/, "");
  for (;;) {
    rest = rest.trimStart();
    const end = rest.startsWith("<!--") ? rest.indexOf("-->") : -1;
    if (end === -1) return rest;
    rest = rest.slice(end + 3);
  }
}

/**
 * libvips recognizes an SVG only if the first 24 bytes are ASCII and the first 1,000 contain `<svg`, which a prefixed
 * root or a Korean name breaks. The comment is uppercase, so that our own code does not take it for the root.
 */
function recognizable(text: string): string {
  const isSeen = /^[\x09-\x7e]{24}/.test(text) && /<svg/i.test(text.slice(0, 900));
  return isSeen ? text : `<!-- <SVG of this file -->${text}`;
}

const PIXELS: Readonly<Record<string, number>> = {
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  q: 96 / 101.6,
  pt: 96 / 72,
  pc: 16,
  // Relative to the root's font size, 16 pixels by default.
  rem: 16,
};

/** Matches tags with attributes, and style sheets, but not the text in between. */
const MARKUP = /<style(?:\s[^<>]*)?(?<!\/)>[\s\S]*?(?:<\/style|$)|<[a-zA-Z][^<>]*>/g;
/** The number of digits is limited, so that matching takes linear time. */
const LENGTH =
  /(?<=[\s"':;,(])([+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,9})?)(in|cm|mm|q|pt|pc|rem)(?=[\s"';,)!}])/gi;

function inPixels(text: string): string {
  return text.replace(MARKUP, (markup) =>
    markup.replace(LENGTH, (_, number: string, unit: string) =>
      String(Number((Number(number) * PIXELS[unit.toLowerCase()]!).toFixed(6))),
    ),
  );
}
