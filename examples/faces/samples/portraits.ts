import sharp, { type Sharp } from "sharp";
import { firstFace, type PaintedFace, paintFace, secondFace } from "./paint-face.ts";

export interface Portrait {
  name: string;
  data: Buffer;
}

const background = "#778899";

/** Valid portraits, and ones that must be rejected. */
export const portraits = {
  first: () => painted("first.jpg", firstFace),
  second: () => painted("second.jpg", secondFace),
  empty: async (): Promise<Portrait> => ({ name: "sky.jpg", data: await jpeg(canvas(640, 720)) }),
  two: async (): Promise<Portrait> => {
    const face = await png(firstFace);
    const both = [0, 640].map((left) => ({ input: face, left, top: 0 }));
    return { name: "both.jpg", data: await jpeg(canvas(1_280, 720).composite(both)) };
  },
  tiny: async (): Promise<Portrait> => {
    const input = await sharp(await png(firstFace))
      .resize(120)
      .toBuffer();
    return {
      name: "far.jpg",
      data: await jpeg(canvas(800, 800).composite([{ input, left: 340, top: 330 }])),
    };
  },
  /** Cropped so tightly that no frame fits around the face. */
  close: async (): Promise<Portrait> => {
    const box = { left: 160, top: 130, width: 320, height: 460 };
    return { name: "close.jpg", data: await jpeg(sharp(await png(firstFace)).extract(box)) };
  },
};

async function painted(name: string, face: PaintedFace): Promise<Portrait> {
  // Like a phone photo: rotated, and with a location that must be removed.
  const picture = sharp(await png(face))
    .rotate(270)
    .withExif({ IFD3: { GPSLatitudeRef: "N", GPSLatitude: "37/1 33/1 0/1" } })
    .withMetadata({ orientation: 6 });
  return { name, data: await picture.jpeg({ quality: 90 }).toBuffer() };
}

function png(face: PaintedFace): Promise<Buffer> {
  return sharp(Buffer.from(paintFace(face)))
    .png()
    .toBuffer();
}

function canvas(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background } });
}

function jpeg(picture: Sharp): Promise<Buffer> {
  return picture.jpeg({ quality: 90 }).toBuffer();
}
