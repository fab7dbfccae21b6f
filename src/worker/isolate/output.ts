import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Bytes of each stream passed on during startup, and in each attempt. */
const PASSED_BYTES = 64 * 1024;
const TAIL_CHARACTERS = 4_000;

/** A child's output. */
export interface ChildOutput {
  /** The end of what it wrote to standard error since the attempt began. */
  tail(): string;
  /** Call it when an attempt begins. */
  begin(): void;
}

/**
 * Passes on a child's standard output and standard error, up to a limit: a decoder that complains about every pixel
 * must fill neither the log nor its worker's memory. The rest is read and dropped, with a line that says so.
 */
export function passOn({ stdout, stderr }: ChildProcess): ChildOutput {
  let tail = "";
  const streams = [bounded(stdout, process.stdout), bounded(stderr, process.stderr)];
  stderr?.on("data", (chunk: Buffer) => {
    tail = (tail + chunk.subarray(-TAIL_CHARACTERS).toString()).slice(-TAIL_CHARACTERS);
  });
  return {
    tail: () => tail,
    begin() {
      tail = "";
      for (const stream of streams) stream.begin();
    },
  };
}

function bounded(from: Readable | null, to: Writable): { begin(): void } {
  let left = PASSED_BYTES;
  from?.on("data", (chunk: Buffer) => {
    if (left <= 0) return;
    to.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0)
      to.write(`\nThe process of a step wrote more than ${PASSED_BYTES} bytes. The rest is dropped.\n`);
  });
  return {
    begin() {
      left = PASSED_BYTES;
    },
  };
}
