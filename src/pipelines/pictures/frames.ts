import sharp, { type Sharp } from "sharp";
import { decode, type Picture } from "./picture.ts";

/** Frames of the same size below each other, which is how libvips represents an animation. */
export interface Strip {
  data: Buffer;
  width: number;
  /** Height of one frame. */
  height: number;
  channels: 3 | 4;
  frames: number;
}

/**
 * Changes an animation frame by frame. To libvips an animation is one tall image, so operations that mix neighboring
 * pixels or rotate would affect several frames.
 */
export async function eachFrame(picture: Picture, change: (frame: Sharp) => Sharp): Promise<Strip> {
  const { data, info } = await decode(picture, { autoOrient: false })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, channels } = info;
  const height = info.height / picture.frames;
  const bytes = width * height * channels;
  const changed: Buffer[] = [];
  let size = { width: 0, height: 0, channels: 0 };
  for (let index = 0; index < picture.frames; index++) {
    const pixels = data.subarray(index * bytes, (index + 1) * bytes);
    const frame = sharp(pixels, { raw: { width, height, channels } });
    const result = await change(orient(frame, picture.orientation))
      .raw()
      .toBuffer({ resolveWithObject: true });
    changed.push(result.data);
    size = result.info;
  }
  const { width: across, height: down } = size;
  const strip = { width: across, height: down, channels: size.channels === 4 ? 4 : 3 } as const;
  return { ...strip, data: Buffer.concat(changed), frames: picture.frames };
}

export function fromStrip({ data, width, height, channels, frames }: Strip): Sharp {
  const raw = { width, height: height * frames, channels, pageHeight: height };
  return sharp(data, { raw, limitInputPixels: false });
}

/** Applies an EXIF orientation to raw pixels. */
function orient(frame: Sharp, orientation: number): Sharp {
  const mirrored = [2, 4, 5, 7].includes(orientation) ? frame.flop() : frame;
  const angle = { 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270 }[orientation];
  return angle ? mirrored.rotate(angle) : mirrored;
}
