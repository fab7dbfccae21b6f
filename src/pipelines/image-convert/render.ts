import type { OutputInfo } from "sharp";
import { writeBmp } from "../pictures/bmp-write.ts";
import { compactPng } from "../pictures/compact-png.ts";
import { inWords, tooManyPixels } from "../pictures/failure.ts";
import { type Encoding, encode, formats, type OutputFormat, outputFormat } from "../pictures/formats.ts";
import { decoding, type Picture } from "../pictures/picture.ts";
import { joinTiffs } from "../pictures/tiff-join.ts";
import type { Warning } from "../pictures/warning.ts";
import type { ImageConvertOptions } from "./options.ts";
import { type Painting, paint, resizes, staysGray } from "./paint.ts";
import { outputSize, type Size } from "./size.ts";
import { type Mark, watermarkOverlay } from "./watermark.ts";

export interface Rendered {
  data: Buffer;
  format: OutputFormat;
  width: number;
  height: number;
  frames: number;
  /** 1-based page, if each page of the input becomes a file. */
  page?: number;
  /** Number of pages in this file, if it has several. */
  pages?: number;
}

export interface Rendering {
  outputs: Rendered[];
  warnings: Warning[];
}

/** Decodes, resizes, watermarks and encodes an image, with all its pages if the format supports them. */
export async function render(
  picture: Picture,
  options: ImageConvertOptions,
  mark: Mark | null,
): Promise<Rendering> {
  const format = outputFormat(picture.format, options.format);
  const { pages } = picture;
  const lost = options.animated ? framesDropped(picture, format) : [];
  const joins = formats[format].hasPages;
  if (pages.length === 1 || (!joins && options.pages === "first")) {
    if (pages.length > 1) lost.push(pagesDropped(pages.length, format));
    const output = await renderPage(picture, format, options, mark);
    return { outputs: [output], warnings: [...picture.warnings, ...lost] };
  }
  const outputs: Rendered[] = [];
  const found: Warning[] = [];
  for (const [index, number] of pages.entries()) {
    const page = index === 0 ? picture : await picture.readPage(number);
    found.push(...page.warnings);
    outputs.push({ ...(await renderPage(page, format, options, mark)), page: index + 1 });
  }
  if (!joins) return { outputs, warnings: found };
  const { page: _, ...first } = outputs[0]!;
  const joined = { ...first, data: joinTiffs(outputs.map(({ data }) => data)), pages: pages.length };
  return { outputs: [joined], warnings: found };
}

function framesDropped({ frames, allFrames }: Picture, format: OutputFormat): Warning[] {
  if (frames === allFrames) return [];
  const message = `Only the first of ${inWords(allFrames)} frames was kept, because this ${formats[format].label} cannot be animated.`;
  return [{ code: "frames_dropped", message }];
}

function pagesDropped(pages: number, format: OutputFormat): Warning {
  return {
    code: "pages_dropped",
    message: `Only the first of ${inWords(pages)} pages is in the ${formats[format].label}. Set pages to "all" for one file per page, or convert to TIFF to keep all pages in one file.`,
  };
}

async function renderPage(
  source: Picture,
  format: OutputFormat,
  options: ImageConvertOptions,
  mark: Mark | null,
): Promise<Rendered> {
  const size = outputSize(source, options);
  checkOutput(size, source, format);
  const overlay = mark && options.watermark ? await watermarkOverlay(mark, options.watermark, size) : null;
  const painting = { options, format, size, overlay };
  return decoding(source, async (picture) => {
    const image = await paint(picture, painting);
    const { data, info } = await encode(image, format, encodingOf(picture, painting)).toBuffer({
      resolveWithObject: true,
    });
    return {
      data: await finished(data, info, format, picture),
      format,
      width: info.width,
      height: info.pageHeight ?? info.height,
      frames: info.pages ?? 1,
    };
  });
}

/** Postprocesses sharp's output. */
async function finished(
  data: Buffer,
  { width, height, channels }: OutputInfo,
  format: OutputFormat,
  picture: Picture,
): Promise<Buffer> {
  if (format === "png" && isReduced(picture)) return compactPng(data);
  if (format !== "bmp") return data;
  return writeBmp({ data, width, height, channels, density: picture.metadata.density });
}

function encodingOf(picture: Picture, painting: Painting): Encoding {
  const { options, overlay, format } = painting;
  const { delays, loop } = picture;
  const { density } = picture.metadata;
  const sameColors = !resizes(options) && !overlay && staysGray(picture, painting) && !picture.hasAlpha;
  const bits = format === "tiff" && sameColors ? fewBits(picture) : undefined;
  const { quality, lossless, progressive, chroma } = options;
  return { quality, lossless, progressive, chroma, density, bits, delays, loop };
}

function fewBits({ bits }: Picture): 1 | 2 | 4 | undefined {
  return bits === 1 || bits === 2 || bits === 4 ? bits : undefined;
}

/** Whether an image has few colors, so that its output may use a palette, too. */
function isReduced({ indexed, bits, format }: Picture): boolean {
  return indexed || bits < 8 || format === "gif";
}

function checkOutput(size: Size, { frames, maxPixels }: Picture, format: OutputFormat): void {
  const { label, maxSide } = formats[format];
  const extent = `${inWords(size.width)} × ${inWords(size.height)}`;
  const pixels = size.width * size.height * frames;
  if (pixels > maxPixels) {
    throw tooManyPixels(
      `The converted image would have ${inWords(pixels / 1e6)} megapixels (${frames > 1 ? `${inWords(frames)} frames of ` : ""}${extent}). The limit is ${inWords(maxPixels / 1e6)}.`,
    );
  }
  if (Math.max(size.width, size.height) > maxSide) {
    throw tooManyPixels(
      `The converted image would be ${extent} pixels. ${label} allows at most ${inWords(maxSide)} pixels per side. Choose another format or a smaller size.`,
    );
  }
}
