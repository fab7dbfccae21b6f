import sharp from "sharp";
import { type Canvas, fromCanvas } from "../pictures/canvas.ts";
import type { Warning } from "../pictures/warning.ts";
import type { Focus } from "./choices.ts";
import { faceCenter } from "./faces.ts";
import type { ImageDeriveOptions } from "./options.ts";
import type { Size } from "./renditions.ts";

export interface Region extends Size {
  left: number;
  top: number;
}

/**
 * The region of an image that a crop keeps, in pixels. Computed once, on a small copy, so that all renditions show the
 * same region.
 */
export async function cropRegion(
  picture: Size,
  preview: Canvas,
  crop: ImageDeriveOptions["crop"],
): Promise<{ region: Region; warnings: Warning[] }> {
  if (!crop)
    return { region: { left: 0, top: 0, width: picture.width, height: picture.height }, warnings: [] };
  const size = largestOf(picture, crop.ratio);
  const { x, y, warnings = [] } = await place(preview, size, picture, crop.focus);
  const room = { x: picture.width - size.width, y: picture.height - size.height };
  return { region: { ...size, left: Math.round(room.x * x), top: Math.round(room.y * y) }, warnings };
}

function largestOf(picture: Size, ratio: string): Size {
  const [across, down] = ratio.split(":").map(Number) as [number, number];
  const width = Math.min(picture.width, Math.round((picture.height * across) / down));
  const height = Math.min(picture.height, Math.round((picture.width * down) / across));
  return { width: Math.max(1, width), height: Math.max(1, height) };
}

/** Position within the available room on each axis, 0 to 1. */
interface Place {
  x: number;
  y: number;
  warnings?: Warning[];
}

const NO_FACE: Warning = {
  code: "no_face",
  message: "No face was found, so the crop keeps what draws attention.",
};

async function place(preview: Canvas, size: Size, picture: Size, focus: Focus): Promise<Place> {
  if (focus === "attention" || focus === "entropy") return placeByContent(preview, size, picture, focus);
  if (focus === "faces") {
    const center = await faceCenter(preview);
    if (!center) {
      return { ...(await placeByContent(preview, size, picture, "attention")), warnings: [NO_FACE] };
    }
    return {
      x: around(center.x, size.width / picture.width),
      y: around(center.y, size.height / picture.height),
    };
  }
  const x = focus.includes("left") ? 0 : focus.includes("right") ? 1 : 0.5;
  const y = focus.includes("top") ? 0 : focus.includes("bottom") ? 1 : 0.5;
  return { x, y };
}

/** @param center position in the image, 0 to 1 @param share fraction of the image that remains */
function around(center: number, share: number): number {
  if (share >= 1) return 0;
  return Math.min(1, Math.max(0, (center - share / 2) / (1 - share)));
}

async function placeByContent(
  preview: Canvas,
  size: Size,
  picture: Size,
  strategy: "attention" | "entropy",
): Promise<Place> {
  const width = Math.max(1, Math.round((size.width / picture.width) * preview.width));
  const height = Math.max(1, Math.round((size.height / picture.height) * preview.height));
  const { info } = await fromCanvas(preview)
    .resize(width, height, { fit: "cover", position: sharp.strategy[strategy] })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const part = (offset: number | undefined, room: number) =>
    room > 0 ? Math.min(1, Math.abs(offset ?? 0) / room) : 0;
  return {
    x: part(info.cropOffsetLeft, preview.width - width),
    y: part(info.cropOffsetTop, preview.height - height),
  };
}
