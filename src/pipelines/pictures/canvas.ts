import sharp, { type Sharp } from "sharp";

/** Decoded RGB or RGBA pixels with 8 or 16 bits per channel, not premultiplied. */
export interface Canvas {
  data: Uint8Array | Uint16Array;
  width: number;
  height: number;
  channels: 3 | 4;
}

/** Red, green, blue and alpha, 0 to 255. */
export type Color = readonly [number, number, number, number];

/** Parses `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`. */
export function parseColor(text: string): Color {
  const digits = text.slice(1);
  const pairs = digits.length < 6 ? [...digits].map((digit) => digit + digit) : digits.match(/../g)!;
  const [red, green, blue, alpha = 255] = pairs.map((pair) => Number.parseInt(pair, 16));
  return [red!, green!, blue!, alpha];
}

export function isGrayColor([red, green, blue]: Color): boolean {
  return red === green && green === blue;
}

/** Converts `image` to RGB or RGBA pixels. */
export async function toCanvas(image: Sharp, deep: boolean): Promise<Canvas> {
  const { data, info } = await image
    .toColourspace(deep ? "rgb16" : "srgb")
    .raw({ depth: deep ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  return {
    data: deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data,
    width: info.width,
    height: info.height,
    channels: info.channels === 4 ? 4 : 3,
  };
}

export function fromCanvas({ data, width, height, channels }: Canvas): Sharp {
  const image = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
  return data instanceof Uint16Array ? image.pipelineColourspace("rgb16") : image;
}

/** Drops a fully opaque alpha channel. */
export function withoutOpaqueAlpha(canvas: Canvas): Canvas {
  if (canvas.channels === 3 || !isOpaque(canvas)) return canvas;
  return flatten(canvas, [0, 0, 0, 255]);
}

function isOpaque({ data }: Canvas): boolean {
  const full = data instanceof Uint16Array ? 65_535 : 255;
  for (let at = 3; at < data.length; at += 4) if (data[at] !== full) return false;
  return true;
}

/** Centers the canvas on a larger one of one color. */
export function surround(canvas: Canvas, size: { width: number; height: number }, color: Color): Canvas {
  const { width, height } = size;
  const source = color[3] < 255 ? withAlpha(canvas) : canvas;
  const { channels } = source;
  const data = filled(source, width * height, color);
  const left = Math.floor((width - source.width) / 2);
  const top = Math.floor((height - source.height) / 2);
  for (let y = 0; y < source.height; y++) {
    const row = source.data.subarray(y * source.width * channels, (y + 1) * source.width * channels);
    data.set(row, ((top + y) * width + left) * channels);
  }
  return { data, width, height, channels };
}

/** Composites onto one color, which removes transparency. */
export function flatten(canvas: Canvas, color: Color): Canvas {
  if (canvas.channels === 3) return canvas;
  const source = canvas.data;
  const full = source instanceof Uint16Array ? 65_535 : 255;
  const pixels = canvas.width * canvas.height;
  const data = filled({ ...canvas, channels: 3 }, pixels, color);
  for (let from = 0, to = 0; from < source.length; from += 4, to += 3) {
    const alpha = source[from + 3]!;
    if (alpha === 0) continue;
    for (let band = 0; band < 3; band++) {
      const over = source[from + band]!;
      const under = data[to + band]!;
      data[to + band] = alpha === full ? over : Math.round(under + ((over - under) * alpha) / full);
    }
  }
  return { ...canvas, data, channels: 3 };
}

function withAlpha(canvas: Canvas): Canvas {
  if (canvas.channels === 4) return canvas;
  const pixels = canvas.width * canvas.height;
  const data = filled({ ...canvas, channels: 4 }, pixels, [0, 0, 0, 255]);
  for (let from = 0, to = 0; from < canvas.data.length; from += 3, to += 4) {
    for (let band = 0; band < 3; band++) data[to + band] = canvas.data[from + band]!;
  }
  return { ...canvas, data, channels: 4 };
}

function filled({ data, channels }: Canvas, pixels: number, color: Color): Uint8Array | Uint16Array {
  const deep = data instanceof Uint16Array;
  const result = deep ? new Uint16Array(pixels * channels) : new Uint8Array(pixels * channels);
  const pixel = color.slice(0, channels).map((value) => (deep ? value * 257 : value));
  result.set(pixel.slice(0, result.length));
  // Each copy doubles the filled part.
  for (let done = channels; done < result.length; done *= 2) result.copyWithin(done, 0, done);
  return result;
}
