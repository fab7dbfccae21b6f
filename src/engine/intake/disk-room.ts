import type { BlobStore } from "../../ports/blobs.ts";

const HEALTH_MS = 1_000;

/** Refuses new work while the disk is nearly full; checks at most once a second. */
export function diskRoom(blobs: BlobStore): () => Promise<void> {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let state: Promise<void> = Promise.resolve();
  return () => {
    if (performance.now() - checkedAt >= HEALTH_MS) {
      checkedAt = performance.now();
      state = blobs.health();
      state.catch(() => {});
    }
    return state;
  };
}
