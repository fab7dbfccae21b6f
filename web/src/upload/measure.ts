import type { FilePart } from "./submission.ts";
import { createUploadRate, type UploadRate } from "./upload-rate.ts";

export interface Measured {
  sent: number;
  total: number;
  rate: UploadRate;
}

const everyMs = 150;

/** Adds up the progress of all parts. Reports right away, then a few times a second. */
export function measureUpload(parts: readonly FilePart[], tell: (measured: Measured) => void) {
  const sizes = new Map(parts.map((part) => [part, part.done ? part.size : 0]));
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  const start = performance.now();
  const update = createUploadRate();

  function measure(): void {
    let sent = 0;
    for (const bytes of sizes.values()) sent += bytes;
    tell({ sent, total, rate: update(performance.now() - start, sent, total) });
  }

  measure();
  const timer = setInterval(measure, everyMs);
  return {
    sent: (part: FilePart, bytes: number): void => void sizes.set(part, Math.min(bytes, part.size)),
    stop: (): void => clearInterval(timer),
  };
}
