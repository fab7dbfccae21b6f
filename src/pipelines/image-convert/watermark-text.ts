import sharp from "sharp";
import { PermanentError } from "../../pipeline/control.ts";
import { FONT, FONT_FILE } from "../pictures/font.ts";
import type { Raster } from "../pictures/raster.ts";
import type { Size } from "./size.ts";

const PROBE_DPI = 216;
const POINTS_PER_INCH = 72;
/** Width of the outline with its soft edge, in font sizes. */
const OUTLINE = 0.07;
/** Largest blur to render at full size, as its standard deviation in pixels. */
const MAX_BLUR = 4;
/** Larger boxes are drawn at this many pixels and enlarged, because large letters have no finer detail. */
const MAX_PIXELS = 4_000_000;
/** Longer texts would be too small to read on a single line. */
const LINE = 36;

/** Draws white text with a dark outline, legible on any background, as large as the box allows. */
export async function renderText(text: string, box: Size): Promise<Raster> {
  const scale = Math.sqrt((box.width * box.height) / MAX_PIXELS);
  if (scale <= 1) return renderInto(text, box);
  const part = (side: number) => Math.max(1, Math.floor(side / scale));
  const small = await renderInto(text, { width: part(box.width), height: part(box.height) });
  // The edges are soft, so a sharper kernel would double the time without a visible difference.
  return resized(small, box, "linear");
}

async function renderInto(text: string, box: Size): Promise<Raster> {
  try {
    const letters = await (text.length > LINE || text.includes("\n") ? fillBox : fillLine)(text, box);
    return await outlined(letters, box);
  } catch (error) {
    if (!(error instanceof Error) || !/no text to render/.test(error.message)) throw error;
    throw new PermanentError("invalid_options", "The watermark's text has no visible characters.", {
      cause: error,
    });
  }
}

interface Letters extends Raster {
  outline: number;
}

/** Draws one line. Measures it first, then draws it at the final size, which is sharper than scaling. */
async function fillLine(text: string, box: Size): Promise<Letters> {
  const probeSize = (20 * PROBE_DPI) / POINTS_PER_INCH;
  const probe = await draw(text, { dpi: PROBE_DPI });
  const outline = 2 * OUTLINE * probeSize * 2;
  const scale = Math.min(box.width / (probe.width + outline), box.height / (probe.height + outline));
  const dpi = Math.max(1, Math.floor(PROBE_DPI * scale));
  return { ...(await draw(text, { dpi })), outline: outlineOf((20 * dpi) / POINTS_PER_INCH) };
}

/** Draws several lines, broken so that the letters are as large as possible. */
async function fillBox(text: string, box: Size): Promise<Letters> {
  const inside = (side: number) => Math.max(1, Math.floor(side * 0.96) - 2);
  const letters = await draw(text, { width: inside(box.width), height: inside(box.height) });
  const lines = Math.max(1, Math.sqrt((text.length * letters.height * 0.5) / letters.width));
  return { ...letters, outline: outlineOf(letters.height / lines) };
}

function outlineOf(fontSize: number): number {
  return Math.max(1, Math.round(fontSize * OUTLINE));
}

async function draw(text: string, size: { dpi: number } | Size): Promise<Raster> {
  const { data, info } = await sharp({
    text: {
      text: `<span foreground="white">${escapeMarkup(text)}</span>`,
      font: FONT,
      fontfile: FONT_FILE,
      rgba: true,
      align: "center",
      ...size,
    },
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 4 };
}

async function outlined(letters: Letters, box: Size): Promise<Raster> {
  const { outline } = letters;
  const margin = 2 * outline;
  const width = letters.width + 2 * margin;
  const height = letters.height + 2 * margin;
  const raw = { width, height, channels: 4 } as const;
  const padded = await sharp(letters.data, {
    raw: { width: letters.width, height: letters.height, channels: 4 },
  })
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: "#00000000" })
    .raw()
    .toBuffer();
  const mask = await sharp(padded, { raw }).extractChannel(3).raw().toBuffer();
  const shape = { data: mask, width, height };
  const [shadow, body] = await Promise.all([
    grown(shape, outline * 0.8, 4, "#000000"),
    // The font's only weight is too thin for small watermarks.
    grown(shape, outline * 0.2, 1.5, "#ffffff"),
  ]);
  const data = await sharp(shadow, { raw })
    .composite([
      { input: body, raw },
      { input: padded, raw },
    ])
    .raw()
    .toBuffer();
  return shrinkInto({ data, width, height, channels: 4 }, box);
}

/** Grows a shape by about `radius`, in one color and with a soft edge: blurs it and then amplifies it. */
async function grown(
  shape: Omit<Raster, "channels">,
  radius: number,
  gain: number,
  background: string,
): Promise<Buffer> {
  const { width, height } = shape;
  const raw = { width, height, channels: 1 } as const;
  const soft = await blurred(shape, Math.max(0.4, radius));
  const alpha = await sharp(soft.data, { raw: { width: soft.width, height: soft.height, channels: 1 } })
    .resize({ width, height, fit: "fill" })
    .linear(gain, 0)
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  return sharp({ create: { width, height, channels: 3, background } })
    .joinChannel(alpha, { raw })
    .raw()
    .toBuffer();
}

/**
 * Blurs a mask. Blurring takes longer with a larger radius, so large blurs use a smaller mask: the result has no fine
 * detail anyway.
 */
async function blurred(
  { data, width, height }: Omit<Raster, "channels">,
  radius: number,
): Promise<Omit<Raster, "channels">> {
  const scale = Math.min(1, MAX_BLUR / radius);
  const small = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const result = await sharp(data, { raw: { width, height, channels: 1 } })
    .resize({ ...small, fit: "fill" })
    .blur(radius * scale)
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  return { data: result, ...small };
}

/** In tiny boxes, whole pixels of outline may make the result larger than expected. */
async function shrinkInto(raster: Raster, box: Size): Promise<Raster> {
  if (raster.width <= box.width && raster.height <= box.height) return raster;
  return resized(raster, box);
}

async function resized(
  raster: Raster,
  box: Size,
  kernel: "linear" | "lanczos3" = "lanczos3",
): Promise<Raster> {
  const { data, info } = await sharp(raster.data, {
    raw: { width: raster.width, height: raster.height, channels: 4 },
  })
    .resize({ ...box, fit: "inside", kernel })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 4 };
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Escapes text for Pango markup, so that user text cannot contain tags or end the string. */
function escapeMarkup(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, " ")
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
