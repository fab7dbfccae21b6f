import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

export interface PhotoOptions {
  /** The same seed gives the same pictures, whatever their number. @default 1 */
  seed?: number;
  /** @default 4000 */
  width?: number;
  /** @default 3000 */
  height?: number;
}

/**
 * Distinct pictures that cost as much as photographs to decode and encode: soft shapes with sensor grain, as JPEGs of 2
 * to 5 MB at the default size. Each takes about half a second.
 */
export async function* makePhotos(
  count: number,
  { seed = 1, width = 4000, height = 3000 }: PhotoOptions = {},
): AsyncGenerator<{ name: string; data: Buffer; mediaType: "image/jpeg" }> {
  const grain = makeGrain(random(seed));
  for (let index = 0; index < count; index++) {
    const data = await makePhoto(random(seed * 1_000_003 + index), grain, width, height);
    yield { name: photoName(index), data, mediaType: "image/jpeg" };
  }
}

/** The same, as files in `folder`; skips those that exist. Returns their paths. */
export async function writePhotos(
  folder: string,
  count: number,
  options: PhotoOptions = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths = Array.from({ length: count }, (_, index) => join(folder, photoName(index)));
  const there = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  if (there.every((file) => file !== null && file.size > 0)) return paths;
  for await (const { name, data } of makePhotos(count, options)) await writeFile(join(folder, name), data);
  return paths;
}

function photoName(index: number): string {
  return `photo-${String(index + 1).padStart(4, "0")}.jpg`;
}

/** Shapes are drawn small and enlarged, because most of a photograph is soft; grain is added at full size. */
const SMALL = 16;
const GRAIN_BITS = 20;

async function makePhoto(
  next: () => number,
  grain: Int8Array,
  width: number,
  height: number,
): Promise<Buffer> {
  const small = { width: Math.ceil(width / SMALL), height: Math.ceil(height / SMALL) };
  const pixels = await sharp(drawShapes(next, small.width, small.height), { raw: { ...small, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  const strength = 0.12 + 0.16 * next();
  const mask = (1 << GRAIN_BITS) - 1;
  const row = width * 3;
  for (let y = 0; y < height; y++) {
    // Each row starts at another position in the table, so that no pattern repeats.
    const offset = Math.floor(next() * mask);
    for (let at = y * row, end = at + row, x = offset; at < end; at++, x++) {
      clamped[at] = clamped[at]! + grain[x & mask]! * strength;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer();
}

/** A gradient with overlapping discs, some of them hard-edged. */
function drawShapes(next: () => number, width: number, height: number): Buffer {
  const colour = () => [255 * next(), 255 * next(), 255 * next()] as const;
  const [top, bottom] = [colour(), colour()];
  const discs = Array.from({ length: 24 }, () => ({
    x: next() * width,
    y: next() * height,
    radius: (0.04 + 0.22 * next()) * width,
    edge: 0.02 + next() ** 3,
    strength: 0.2 + 0.7 * next(),
    colour: colour(),
  }));
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = top.map((value, band) => value + ((bottom[band]! - value) * y) / height);
      for (const disc of discs) {
        const inside = (1 - Math.hypot(x - disc.x, y - disc.y) / disc.radius) / disc.edge;
        if (inside <= 0) continue;
        const part = Math.min(1, inside) * disc.strength;
        for (let band = 0; band < 3; band++) pixel[band]! += (disc.colour[band]! - pixel[band]!) * part;
      }
      data.set(pixel, (y * width + x) * 3);
    }
  }
  return data;
}

/** Normally distributed noise, slightly correlated with its neighbors. */
function makeGrain(next: () => number): Int8Array {
  const grain = new Int8Array(1 << GRAIN_BITS);
  let before = 0;
  for (let at = 0; at < grain.length; at++) {
    const bell = (next() + next() + next() + next() - 2) * 110;
    before = 0.35 * before + bell;
    grain[at] = Math.max(-127, Math.min(127, before));
  }
  return grain;
}

/** Mulberry32: small, fast and the same on every platform. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
