/** Kafka stores up to 4,096 bytes next to an offset. */
const MAX_LENGTH = 4_000;
const VERSION = "1";

/**
 * Encodes offsets above `base` as short text: `1`, then pairs of how many to skip and how many follow, in base 36.
 * `base` 100 and 103, 104, 110: `1.3.2.5.1`. Omits what does not fit.
 * @param offsets in ascending order
 */
export function encodeRuns(base: number, offsets: Iterable<number>): string {
  let text = "";
  let at = base;
  let from = -1;
  let to = -1;
  const write = () => {
    if (from < 0) return true;
    const run = `.${(from - at).toString(36)}.${(to - from).toString(36)}`;
    if (text.length + run.length > MAX_LENGTH) return false;
    text += run;
    at = to;
    return true;
  };
  for (const offset of offsets) {
    if (offset === to) to++;
    else {
      if (!write()) return VERSION + text;
      from = offset;
      to = offset + 1;
    }
  }
  write();
  return text === "" ? "" : VERSION + text;
}

/** Decodes the output of `encodeRuns`; empty for any other text, which another program may have written. */
export function decodeRuns(base: number, text: string): Set<number> {
  const offsets = new Set<number>();
  if (!/^1(\.[0-9a-z]{1,9}\.[0-9a-z]{1,4})+$/.test(text)) return offsets;
  const numbers = text.split(".").slice(1);
  let at = base;
  for (let index = 0; index < numbers.length; index += 2) {
    at += Number.parseInt(numbers[index]!, 36);
    for (let left = Number.parseInt(numbers[index + 1]!, 36); left > 0; left--) offsets.add(at++);
  }
  return offsets;
}
