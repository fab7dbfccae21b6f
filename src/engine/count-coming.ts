import { pipeline, type Readable, Transform } from "node:stream";
import type { Coming } from "./quotas.ts";

/** Counts what comes, piece by piece; ends with `quota_exceeded` where there is no room for more. */
export function countComing(coming: Coming, source: Readable): Readable {
  const counted = new Transform({
    transform(piece: Buffer, _, done) {
      try {
        coming.take(piece.length);
        done(null, piece);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  // Errors of either end are those of the stream that is given back.
  pipeline(source, counted, () => {});
  return counted;
}
