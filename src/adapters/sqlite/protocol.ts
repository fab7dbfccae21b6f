import type { Store } from "../../ports/store/store.ts";

/**
 * The protocol between the writer and the processes that use it: JSON frames, one per line, over a Unix domain socket.
 * A frame carries what its sender sent in one turn of its event loop, or a part of it.
 */

/** To the writer. */
export type Call = [id: number, method: string, argument: unknown];

/** From the writer. */
export type Reply =
  | [kind: "ok", id: number, value: unknown]
  | [kind: "error", id: number, error: WireError]
  | [kind: "push", channel: string, messages: unknown[]];

export interface WireError {
  code: string;
  message: string;
  retryable: boolean;
}

/** Calls that the reader answers: they change nothing, and need nothing from the writer's memory. */
const readNames = [
  "job",
  "jobs",
  "items",
  "parts",
  "artifact",
  "events",
  "logBounds",
  "logEnds",
  "expiring",
  "memo",
  "known",
  "usage",
  "ownerUsage",
  "deadLetters",
  "deadPlaces",
  "deadGroups",
  "findJobs",
  "attempts",
  "countCached",
  "knownKey",
] as const satisfies (keyof Store)[];
export type ReadNames = (typeof readNames)[number];

const reads: ReadonlySet<string> = new Set([...readNames, "database.read"]);

export function isRead(method: string): boolean {
  return reads.has(method);
}

/** Socket of the reader that belongs to this writer. */
export function readerSocket(socketPath: string): string {
  return `${socketPath}.r`;
}

/** File in which the writer of a database records its socket while it runs. */
export function socketFile(path: string): string {
  return `${path}.socket`;
}

/**
 * Most characters in one call or answer; more is refused. A job of ten thousand files has about 5 million, and one with
 * the most data allowed about 21 million.
 */
export const MAX_MESSAGE = 24 * 1024 * 1024;
/** Characters after which a new frame begins. */
const FULL_FRAME = 1024 * 1024;
/** Most bytes without a line end: more than any frame of `Outgoing`. */
const MAX_FRAME_BYTES = 4 * MAX_MESSAGE;
const NEWLINE = 10;

/** Collects messages into frames. */
export class Outgoing {
  #frames: string[] = [];
  #parts: string[] = [];
  #partsLength = 0;
  #length = 0;

  /** Characters waiting. */
  get length(): number {
    return this.#length;
  }

  /** @returns why the message cannot be sent; `null` if it will be */
  add(message: unknown): string | null {
    const text = textOf(message);
    if (text instanceof Error) return text.message;
    if (text.length > MAX_MESSAGE)
      return `It has ${text.length} characters of JSON; at most ${MAX_MESSAGE} are accepted.`;
    if (this.#partsLength + text.length > FULL_FRAME) this.#endFrame();
    this.#parts.push(text);
    this.#partsLength += text.length;
    this.#length += text.length;
    return null;
  }

  #endFrame(): void {
    if (this.#parts.length > 0) this.#frames.push(`[${this.#parts.join()}]\n`);
    this.#parts = [];
    this.#partsLength = 0;
  }

  /** The frames of everything waiting. */
  take(): string[] {
    this.#endFrame();
    const frames = this.#frames;
    this.#frames = [];
    this.#length = 0;
    return frames;
  }
}

/** An error if the string would exceed half a gigabyte, or if the value has no JSON. */
function textOf(message: unknown): string | Error {
  try {
    return JSON.stringify(message);
  } catch (error) {
    return error as Error;
  }
}

/**
 * Splits a byte stream into frames.
 * @param onBroken called for an invalid frame: nothing after it can be understood
 */
export function frames(onFrame: (frame: never) => void, onBroken: () => void): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let isBroken = false;
  const fail = () => {
    isBroken = true;
    rest = [];
    onBroken();
  };
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1 && !isBroken; end = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, end);
      const frame = parse((rest.length > 0 ? Buffer.concat([...rest, line]) : line).toString());
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (frame === null) return fail();
      onFrame(frame as never);
    }
    if (isBroken || start === chunk.length) return;
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > MAX_FRAME_BYTES) fail();
  };
}

function parse(text: string): unknown[] | null {
  try {
    const frame: unknown = JSON.parse(text);
    return Array.isArray(frame) ? frame : null;
  } catch {
    return null;
  }
}
