import type { Canvas } from "./canvas.ts";
import { fileFailure } from "./failure.ts";
import { optionalPackage } from "./optional-package.ts";

/** The parts of `heic-decode` used here. Users install it themselves, because it includes libheif (LGPL). */
interface HeicDecode {
  default: {
    all(file: { buffer: Uint8Array }): Promise<HeicImage[] & { dispose(): void }>;
  };
}

interface HeicImage {
  width: number;
  height: number;
  decode(): Promise<{ width: number; height: number; data: Uint8ClampedArray }>;
}

const NAME = "heic-decode";

/** Whether the brands mean H.265 images, as phones take them. AVIF has other brands. */
export function isHeic(brands: string): boolean {
  return /^(....)*?(hei[cxms]|hev[cxms])/s.test(brands);
}

/** Decodes the first image, with its orientation applied. @param admit called with its size before decoding */
export async function decodeHeic(
  file: Buffer,
  what: string,
  admit: (width: number, height: number) => Promise<void>,
): Promise<Canvas> {
  const { default: heic } = await optionalPackage<HeicDecode>(NAME, "Reading HEIC");
  const images = await heic.all({ buffer: file }).catch((error: unknown) => {
    throw fileFailure(error, what);
  });
  try {
    const { width, height, decode } = images[0]!;
    await admit(width, height);
    const { data } = await decode().catch((error: unknown) => {
      throw fileFailure(error, what);
    });
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, channels: 4 };
  } finally {
    images.dispose();
  }
}
