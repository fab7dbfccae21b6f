/** Visible part of an image: scaled around its center, then translated by screen pixels. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The whole image, as large as fits. */
export const fitted: View = { scale: 1, x: 0, y: 0 };
export const MOST_SCALE = 16;

/** Zooms around a fixed point, given relative to the center of the frame. */
export function zoomAt(view: View, factor: number, point: { x: number; y: number }, sizes: Sizes): View {
  const scale = Math.min(MOST_SCALE, Math.max(1, view.scale * factor));
  const ratio = scale / view.scale;
  return within(
    { scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio },
    sizes,
  );
}

export function panBy(view: View, x: number, y: number, sizes: Sizes): View {
  return within({ ...view, x: view.x + x, y: view.y + y }, sizes);
}

interface Sizes {
  frame: Size;
  /** Size of the image when fitted. */
  picture: Size;
}

/** Keeps the image's edges outside the frame, unless the image is smaller. */
function within({ scale, x, y }: View, { frame, picture }: Sizes): View {
  const most = (side: keyof Size) => Math.max(0, (picture[side] * scale - frame[side]) / 2);
  const clamp = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value)) || 0;
  return { scale, x: clamp(x, most("width")), y: clamp(y, most("height")) };
}
