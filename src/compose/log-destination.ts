import { write, writeSync } from "node:fs";

/** Bytes that may wait while the log cannot be written; further lines are counted and dropped. */
const WAITING_BYTES = 1024 * 1024;
const RETRY_MS = 1_000;
/** Retry interval for a pipe whose reader is slow. */
const FULL_PIPE_MS = 20;
/** A write that takes longer waits for a reader who may never read; shutdown does not wait for it. */
const STUCK_MS = 1_000;

/** Where pino writes its lines. */
export interface LogDestination {
  write(line: string): void;
  /** Lines lost since the last call. */
  takeLost(): number;
  /** Writes what is waiting, at process exit, unless the log cannot be written. */
  end(): void;
}

/**
 * Writes a log that must neither block nor end its process, whatever happens to the disk or pipe behind it: failed
 * writes are retried, within limits, and lost lines are counted in the log itself.
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
      // The first chunk is the one being written.
      const rest = state === "writing" ? waiting.slice(1) : waiting;
      try {
        writeSync(fd, Buffer.concat(rest));
      } catch {}
    },
  };
}
