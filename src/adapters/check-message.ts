import { MillraceError } from "../errors.ts";

/** What the port promises of every bus: PostgreSQL takes no more. */
const MAX_BYTES = 7_000;

/** Throws `payload_too_large` for a message that a bus does not take. */
export function checkMessage(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return;
  throw new MillraceError(
    "payload_too_large",
    `The message has ${bytes} bytes; at most ${MAX_BYTES} are allowed.`,
  );
}
