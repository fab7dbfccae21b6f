import { write, writeSync } from "node:fs";

/** What may wait while the log cannot be written; further lines are counted and dropped. */
const WAITING_BYTES = 1024 * 1024;
const RETRY_MS = 1_000;
/** A pipe whose reader is slow. */
const FULL_PIPE_MS = 20;
/** A write that takes longer waits for a reader who may never read: the end of the process does not. */
const STUCK_MS = 1_000;

/** Where pino writes its lines. */
export interface LogDestination {
  write(line: string): void;
  /** Lines that were lost since the last call. */
  takeLost(): number;
  /** Writes what waits, at the end of the process, unless the log cannot be written. */
  end(): void;
}

/**
 * Writes a log that must neither hold up its process nor end it, whatever becomes of the disk or pipe behind
 * it: what cannot be written is tried again, within bounds, and what is lost is counted in the log itself.
 */
export function logDestination(fd: number, lost: (lines: number) => string): LogDestination {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lostLines = 0;
  let untakenLines = 0;
  let state: "idle" | "writing" | "failing" = "idle";
  let beganAt = 0;

  const next = () => {
    if (waiting.length === 0) return;
    const chunk = Buffer.concat(waiting);
    waiting = [chunk];
    state = "writing";
    beganAt = performance.now();
    write(fd, chunk, (error, written) => {
      waiting[0] = chunk.subarray(written ?? 0);
      waitingBytes -= written ?? 0;
      if (waiting[0].length === 0) waiting.shift();
      state = error ? "failing" : "idle";
      if (error) setTimeout(next, error.code === "EAGAIN" ? FULL_PIPE_MS : RETRY_MS).unref();
      else goOn();
    });
  };
  const goOn = () => {
    if (lostLines > 0 && waitingBytes < WAITING_BYTES / 2) {
      const line = lost(lostLines);
      lostLines = 0;
      add(line);
    }
    next();
  };
  const add = (line: string) => {
    const bytes = Buffer.from(line);
    if (waitingBytes + bytes.length > WAITING_BYTES) {
      lostLines++;
      untakenLines++;
      return;
    }
    waiting.push(bytes);
    waitingBytes += bytes.length;
  };

  return {
    write(line) {
      add(line);
      if (state === "idle") next();
    },
    takeLost() {
      const lines = untakenLines;
      untakenLines = 0;
      return lines;
    },
    end() {
      if (state === "failing" || (state === "writing" && performance.now() - beganAt > STUCK_MS)) return;
      // The first is on its way while one is being written.
      const rest = state === "writing" ? waiting.slice(1) : waiting;
      try {
        writeSync(fd, Buffer.concat(rest));
      } catch {}
    },
  };
}
