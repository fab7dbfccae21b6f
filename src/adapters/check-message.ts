import { MillraceError } from "../errors.ts";

/** The limit that the port states for every bus; PostgreSQL's is the lowest. */
const MAX_BYTES = 7_000;

/** Throws `payload_too_large` for a message that exceeds the limit of a bus. */
export function checkMessage(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return;
  throw new MillraceError(
    "payload_too_large",
    `The message has ${bytes} bytes; at most ${MAX_BYTES} are allowed.`,
  );
}
