import { constants, gunzipSync } from "node:zlib";

/**
 * Whether a document's root element is `svg`. Skips a byte order mark, the XML declaration, comments, processing
 * instructions and a doctype. An HTML page that contains an SVG does not count. The document may be UTF-16, or
 * compressed the way drawing programs save it.
 */
export function hasSvgRoot(head: Buffer): boolean {
  const text = textOf(head[0] === 0x1f && head[1] === 0x8b ? unpacked(head) : head);
  let at = text.startsWith("\u00ef\u00bb\u00bf") ? 3 : 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    if (text.startsWith("<?", at)) at = after(text, "?>", at + 2);
    else if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4);
    else if (/^<!doctype\s/i.test(text.slice(at, at + 10))) {
      if (!/^\s+([\w-]+:)?svg[\s[>]/i.test(text.slice(at + 9, at + 80))) return false;
      at = afterDoctype(text, at + 9);
    } else return /^<([\w-]+:)?svg[\s/>]/.test(text.slice(at, at + 80));
  }
}

/** Compressed bytes to inspect: deflate expands them at most a thousandfold. */
const MAX_PACKED = 4_096;

/** The beginning of a compressed document; empty if it is not one. */
function unpacked(head: Buffer): Buffer {
  try {
    return gunzipSync(head.subarray(0, MAX_PACKED), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/** Apart from UTF-16, markup is ASCII in every encoding that matters here, so it can be read byte by byte. */
function textOf(head: Buffer): string {
  const [first, second] = head;
  const little = (first === 0xff && second === 0xfe) || (first === 0x3c && second === 0);
  const big = (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c);
  return little || big
    ? new TextDecoder(little ? "utf-16le" : "utf-16be").decode(head)
    : head.toString("latin1");
}

/** Position after `end`, or the end of the text if `end` is missing. */
function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
}

/** A doctype ends with the first `>` outside its quoted names and its internal subset. */
function afterDoctype(text: string, from: number): number {
  let inSubset = false;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"' || character === "'") at = after(text, character, at + 1) - 1;
    else if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4) - 1;
    else if (character === "[") inSubset = true;
    else if (character === "]") inSubset = false;
    else if (character === ">" && !inSubset) return at + 1;
  }
  return text.length;
}
