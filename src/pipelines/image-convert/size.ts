import type { ImageConvertOptions } from "./options.ts";

export interface Size {
  width: number;
  height: number;
}

type Target = Pick<ImageConvertOptions, "width" | "height" | "fit" | "enlarge">;

/**
 * The size that `sharp.resize` produces. Computing it in advance lets us reject absurd enlargements and size the
 * watermark. May be one pixel off if the decoder itself shrinks (large JPEGs).
 */
export function outputSize(picture: Size, target: Target): Size {
  const { width, height, fit, enlarge } = target;
  const across = width ? picture.width / width : null;
  const down = height ? picture.height / height : null;
  let [x, y] = shrinks(across, down, fit);
  if (!enlarge) [x, y] = [Math.max(1, x), Math.max(1, y)];
  const [shrinkX, shrinkY] = [Math.min(x, picture.width), Math.min(y, picture.height)];
  const resized = {
    width: resizedSide(picture.width, shrinkX),
    height: resizedSide(picture.height, shrinkY),
  };
  const box = { width: width ?? resized.width, height: height ?? resized.height };
  switch (fit) {
    case "cover":
      return { width: Math.min(box.width, resized.width), height: Math.min(box.height, resized.height) };
    case "contain":
      return { width: Math.max(box.width, resized.width), height: Math.max(box.height, resized.height) };
    default:
      return resized;
  }
}

/**
 * libvips works with the reciprocal: it multiplies by it to enlarge, and divides by its reciprocal to reduce. Without
 * this detour, halves would sometimes round the other way.
 */
function resizedSide(side: number, shrink: number): number {
  const scale = 1 / shrink;
  return Math.max(1, Math.round(shrink < 1 ? side * scale : side / (1 / scale)));
}

function shrinks(across: number | null, down: number | null, fit: Target["fit"]): [number, number] {
  if (fit === "fill") return [across ?? 1, down ?? 1];
  if (across === null || down === null) {
    const both = across ?? down ?? 1;
    return [both, both];
  }
  const both = fit === "cover" || fit === "outside" ? Math.min(across, down) : Math.max(across, down);
  return [both, both];
}
