import type { Position } from "./choices.ts";
import type { Size } from "./size.ts";

/** Watermark position, shared by the pipeline and the page's preview. */

/** Distance from the edges, as a fraction of the shorter side. */
const MARGIN = 0.02;

/** In pixels, at least one. 0 if the image is too small. */
export function marginOf(picture: Size): number {
  const shorter = Math.min(picture.width, picture.height);
  return shorter < 3 ? 0 : Math.max(1, Math.round(shorter * MARGIN));
}

/** Upper left corner of a mark of this size. */
export function cornerOf(mark: Size, picture: Size, position: Position) {
  const margin = marginOf(picture);
  const start = (free: number, near: boolean, far: boolean) => {
    if (near) return Math.min(margin, free);
    return far ? Math.max(0, free - margin) : Math.floor(free / 2);
  };
  return {
    left: start(picture.width - mark.width, position.endsWith("left"), position.endsWith("right")),
    top: start(picture.height - mark.height, position.startsWith("top"), position.startsWith("bottom")),
  };
}
