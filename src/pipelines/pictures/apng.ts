import sharp from "sharp";
import { type PngChunk, pngHeader, readPng, writePng } from "./png.ts";

/** Frames of an animated PNG below each other, in RGBA. */
export interface ApngStrip {
  data: Buffer;
  delays: number[];
  loop: number;
}

interface Frame {
  width: number;
  height: number;
  left: number;
  top: number;
  delay: number;
  dispose: number;
  /** Whether to blend the frame with what was there. Otherwise it replaces that. */
  over: boolean;
  parts: Buffer[];
}

const [DISPOSE_BACKGROUND, DISPOSE_PREVIOUS] = [1, 2];
/** Chunks that affect how frames are decoded. Colors apply to the whole file. */
const SHARED = new Set(["PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP"]);

/** Number of complete frames of an animated PNG. 1 for a still image. */
export function apngFrames(data: Buffer): number {
  const chunks = readPng(data);
  return chunks.some(({ type }) => type === "acTL") ? Math.max(1, framesOf(chunks).length) : 1;
}

/** Renders an animated PNG: each frame is drawn onto what the previous ones left. Check its size first. */
export async function playApng(data: Buffer): Promise<ApngStrip> {
  const chunks = readPng(data);
  const { width, height } = pngHeader(chunks)!;
  const frames = framesOf(chunks);
  const bytes = width * height * 4;
  const strip = Buffer.alloc(bytes * frames.length);
  let canvas = Buffer.alloc(bytes);
  for (const [index, frame] of frames.entries()) {
    const before = frame.dispose === DISPOSE_PREVIOUS ? Buffer.from(canvas) : null;
    const pixels = await decodeFrame(chunks, frame);
    draw(canvas, width, pixels, frame);
    canvas.copy(strip, index * bytes);
    if (before) canvas = before;
    else if (frame.dispose === DISPOSE_BACKGROUND) clear(canvas, width, frame);
  }
  const control = chunks.find(({ type }) => type === "acTL")!;
  return { data: strip, delays: frames.map(({ delay }) => delay), loop: control.body.readUInt32BE(4) };
}

function framesOf(chunks: readonly PngChunk[]): Frame[] {
  const header = pngHeader(chunks);
  const frames: Frame[] = [];
  for (const { type, body, cut } of chunks) {
    if (type === "fcTL" && body.length >= 26) frames.push(frameOf(body));
    // Without a preceding control chunk, the first image is for viewers without animation support.
    else if (type === "IDAT" && !cut) frames.at(-1)?.parts.push(body);
    else if (type === "fdAT" && !cut) frames.at(-1)?.parts.push(body.subarray(4));
  }
  const fits = ({ left, top, width, height, parts }: Frame) =>
    header && parts.length > 0 && left + width <= header.width && top + height <= header.height;
  return frames.filter(fits);
}

function frameOf(body: Buffer): Frame {
  const [numerator, denominator] = [body.readUInt16BE(20), body.readUInt16BE(22) || 100];
  return {
    width: body.readUInt32BE(4),
    height: body.readUInt32BE(8),
    left: body.readUInt32BE(12),
    top: body.readUInt32BE(16),
    delay: Math.round((numerator * 1000) / denominator),
    dispose: body[24]!,
    over: body[25] === 1,
    parts: [],
  };
}

/** Decodes a frame as a separate PNG. */
async function decodeFrame(chunks: readonly PngChunk[], frame: Frame): Promise<Buffer> {
  const header = Buffer.from(chunks[0]!.body);
  header.writeUInt32BE(frame.width, 0);
  header.writeUInt32BE(frame.height, 4);
  const png = writePng([
    { type: "IHDR", body: header },
    ...chunks.filter(({ type }) => SHARED.has(type)),
    { type: "IDAT", body: Buffer.concat(frame.parts) },
    { type: "IEND", body: Buffer.alloc(0) },
  ]);
  return sharp(png, { failOn: "error" }).toColourspace("srgb").ensureAlpha().raw().toBuffer();
}

function draw(canvas: Buffer, width: number, pixels: Buffer, frame: Frame): void {
  for (let y = 0; y < frame.height; y++) {
    const to = ((frame.top + y) * width + frame.left) * 4;
    const row = pixels.subarray(y * frame.width * 4, (y + 1) * frame.width * 4);
    if (!frame.over) canvas.set(row, to);
    else for (let at = 0; at < row.length; at += 4) blend(canvas, to + at, row, at);
  }
}

function blend(canvas: Buffer, to: number, over: Buffer, at: number): void {
  const alpha = over[at + 3]! / 255;
  const under = (canvas[to + 3]! / 255) * (1 - alpha);
  const both = alpha + under;
  if (both === 0) return;
  for (let band = 0; band < 3; band++)
    canvas[to + band] = Math.round((over[at + band]! * alpha + canvas[to + band]! * under) / both);
  canvas[to + 3] = Math.round(both * 255);
}

function clear(canvas: Buffer, width: number, frame: Frame): void {
  for (let y = 0; y < frame.height; y++) {
    const from = ((frame.top + y) * width + frame.left) * 4;
    canvas.fill(0, from, from + frame.width * 4);
  }
}
