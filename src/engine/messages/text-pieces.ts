import { MAX_MESSAGE_BYTES } from "./signed-bus.ts";
import type { LiveMessage } from "./topics.ts";

/** Of the text of one message. */
export const MAX_TEXT_CHARACTERS = 4_000;

/** The messages that carry a streamed text: several where a bus would not take it in one. */
export function textMessages(
  from: Omit<LiveMessage, "type" | "data">,
  text: string,
  ofPart: { [name: string]: number } = {},
): string[] {
  const message = (piece: string) =>
    JSON.stringify({ ...from, type: "text.delta", data: { text: piece, ...ofPart } } satisfies LiveMessage);
  const messages: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + MAX_TEXT_CHARACTERS);
    let next = message(text.slice(start, end));
    while (Buffer.byteLength(next) > MAX_MESSAGE_BYTES || endsWithin(text, end)) {
      end = endsWithin(text, end) ? end - 1 : start + Math.ceil((end - start) / 2);
      next = message(text.slice(start, end));
    }
    messages.push(next);
    start = end;
  }
  return messages;
}

/** Whether the two halves of a character lie on both sides. */
function endsWithin(text: string, end: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(end - 1, end + 1));
}
