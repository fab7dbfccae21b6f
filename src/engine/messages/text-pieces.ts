import { MAX_MESSAGE_BYTES } from "./signed-bus.ts";
import type { LiveMessage } from "./topics.ts";

/** Most characters of text in one message. */
export const MAX_TEXT_CHARACTERS = 4_000;

/**
 * The messages that carry a streamed text: several if it exceeds what a bus takes.
 * @param data their other fields; `offset` is that of the first piece
 */
export function textMessages(
  from: Omit<LiveMessage, "type" | "data">,
  text: string,
  { offset: first = 0, ...data }: { [name: string]: number } = {},
): string[] {
  return textPieces(text, (piece, offset) => ({
    ...from,
    type: "text.delta",
    data: { text: piece, offset: first + offset, ...data },
  }));
}

/** Splits a text into messages that fit the bus. Never splits a surrogate pair. */
export function textPieces(text: string, messageOf: (piece: string, offset: number) => object): string[] {
  const messages: string[] = [];
  let start = 0;
  while (start < text.length) {
    const message = (end: number) => JSON.stringify(messageOf(text.slice(start, end), start));
    let end = Math.min(text.length, start + MAX_TEXT_CHARACTERS);
    let next = message(end);
    while (Buffer.byteLength(next) > MAX_MESSAGE_BYTES || endsWithin(text, end)) {
      end = endsWithin(text, end) ? end - 1 : start + Math.ceil((end - start) / 2);
      next = message(end);
    }
    messages.push(next);
    start = end;
  }
  return messages;
}

/** Whether the cut would split a surrogate pair. */
function endsWithin(text: string, end: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(end - 1, end + 1));
}
