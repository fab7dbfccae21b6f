import { pipeline, type Readable, Transform } from "node:stream";
import type { Coming } from "./quotas.ts";

/** Counts bytes as they arrive; fails with `quota_exceeded` when there is no room for more. */
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
  // Errors of either end surface on the returned stream.
  pipeline(source, counted, () => {});
  return counted;
}
