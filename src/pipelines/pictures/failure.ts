import { PermanentError } from "../../pipeline/control.ts";

/** Formats a number for people: `12,345`, `51.2`, `0.015`. */
export function inWords(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 1 ? 3 : 1 });
}

export function undecodable(message: string, cause?: unknown): PermanentError {
  return new PermanentError("undecodable_file", message, { cause });
}

export function tooManyPixels(message: string): PermanentError {
  return new PermanentError("too_many_pixels", message);
}

export function tooManyPages(message: string): PermanentError {
  return new PermanentError("too_many_pages", message);
}

export function tooManyFrames(message: string): PermanentError {
  return new PermanentError("too_many_frames", message);
}

/** @param where how far the file could be read, such as "after 63%" or "in frame 4" */
export function cutOff(what: string, where?: string, cause?: unknown): PermanentError {
  const detail = where ? ` ${where}` : "";
  return undecodable(`${what} is truncated${detail}: its end is missing. Upload a complete copy.`, cause);
}

/** How much of a file could be read. Rounds down, so that an incomplete file never shows 100%. */
export function afterPercent(complete: number): string {
  return `after ${Math.floor(complete * 100)}%`;
}

/**
 * Translates an error of sharp. Out-of-memory errors come back unchanged, so that the step is retried. Any other error
 * would be the same on every attempt.
 * @param what names the file: "The file", "The watermark image"
 */
export function fileFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof PermanentError) return error;
  const text = error.message;
  if (/out of memory|alloc|ENOMEM|too many open files/i.test(text)) return error;
  if (/exceeds pixel limit|pixel limit|dimensions? too large/i.test(text)) {
    return new PermanentError("too_many_pixels", `${what} has more pixels than allowed.`, {
      cause: error,
    });
  }
  for (const [pattern, say] of CAUSES) {
    const found = pattern.exec(text);
    if (found) return undecodable(`${what} ${say(found)}`, error);
  }
  if (TRUNCATED.test(text)) return cutOff(what, undefined, error);
  return undecodable(`${what} is damaged and cannot be decoded.`, error);
}

const TRUNCATED =
  /premature end|truncated|end of file|unexpected end|couldn't find end|outside of file bounds|not enough data/i;

/** Messages of decoders, and their translations for people. */
const CAUSES: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [
    /([\w -]+) compression support is not configured/,
    ([, name]) => `uses ${name!.trim()} compression, which is not supported.`,
  ],
  [/XML_PARSE_HUGE.*depth|Excessive depth/i, () => "has elements nested more than 256 deep."],
  [
    /XML_PARSE_HUGE|Resource limit exceeded/i,
    () => "has an embedded image or text of more than 10 MB, which is not supported in an SVG.",
  ],
  [
    /XML parse error: .*line (\d+) column (\d+) of data: (?!.*(?:Premature end|Couldn't find end))(.*)/i,
    ([, line, column, reason]) =>
      `is not well-formed XML (line ${line}, column ${column}: ${reason!.trim().replace(/\.$/, "")}).`,
  ],
  [
    /XML parse error: .*(Namespace prefix .{1,200} is not defined)/i,
    ([, reason]) => `is not well-formed XML: ${reason}.`,
  ],
  [/does not have <svg> root/i, () => "has no svg element of the namespace http://www.w3.org/2000/svg."],
  [
    /svgload\w*: bad dimensions/i,
    () => "has no size: give its svg element a width and a height, or a viewBox, of more than 0.",
  ],
  [/exceeds channel limit/i, () => "has more than 5 samples for each pixel, which is not supported."],
  [
    /samples out of range|bad labq format|unsupported (?:tiff|photometric|sample format|bit depth)/i,
    () => "has samples of an unsupported type.",
  ],
];
