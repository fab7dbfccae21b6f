import { SingleBar } from "cli-progress";
import { plural } from "../amounts.ts";
import type { Watch } from "./run.ts";

const FORMAT = "{bar}  {percentage}%  {done} of {files}{trouble}";

export interface Progress extends Watch {
  stop(): void;
}

/** A progress bar on stderr, if that is a terminal. */
export function progressBar(files: number): Progress {
  const bar = new SingleBar({
    format: FORMAT,
    stream: process.stderr,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 32,
    hideCursor: true,
    clearOnComplete: true,
    // We handle interrupts ourselves.
    gracefulExit: false,
    fps: 12,
  });
  const fractions = new Float64Array(files);
  let done = 0;
  let failed = 0;
  const draw = () => {
    const sum = fractions.reduce((total, fraction) => total + fraction, 0);
    bar.update(Math.floor(sum * 100), {
      done,
      files: plural(files, "image"),
      trouble: failed > 0 ? `, ${failed} failed` : "",
    });
  };
  bar.start(files * 100, 0, { done, files: plural(files, "image"), trouble: "" });
  return {
    progress(index, fraction) {
      fractions[index] = Math.min(0.99, fraction);
      draw();
    },
    ended(index, state) {
      fractions[index] = 1;
      done++;
      if (state === "failed") failed++;
      draw();
    },
    stop: () => bar.stop(),
  };
}
