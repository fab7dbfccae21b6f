import sharp from "sharp";
import type { EachContext } from "../../pipeline/context.ts";
import { definePipeline } from "../../pipeline/pipeline.ts";
import type { Extent } from "../pictures/extent.ts";
import { withFile } from "../pictures/file-buffer.ts";
import { formatOf, formats, inputMediaTypes, type OutputFormat, outputFormat } from "../pictures/formats.ts";
import { lostMetadata } from "../pictures/metadata.ts";
import { type Picture, readPicture } from "../pictures/picture.ts";
import { withinDrawingTime } from "../pictures/svg-limits.ts";
import type { Warning } from "../pictures/warning.ts";
import { STEP_MEMORY_MIB } from "../step-memory.ts";
import { type ImageConvertLimits, imageConvertLimits } from "./limits.ts";
import { conversionBytes, decodingBytes } from "./memory.ts";
import { type ImageConvertOptions, imageConvertOptions } from "./options.ts";
import { render } from "./render.ts";
import { neverLarger } from "./smaller.ts";
import type { Mark } from "./watermark.ts";

export type { ImageConvertLimits } from "./limits.ts";
export type { ImageConvertOptions } from "./options.ts";

export const imageConvertName = "image.convert";
export const imageConvertVersion = 1;

// One thread per image and several images at once use the cores better than many threads per image.
sharp.concurrency(1);
// Each image is read once, so libvips's cache would never be hit.
sharp.cache(false);

/** The built-in pipeline that converts, resizes and watermarks images, with configurable limits. */
export function createImageConvert(limits: Partial<ImageConvertLimits> = {}) {
  const { maxPixels, maxFiles, maxFileBytes } = { ...imageConvertLimits, ...limits };
  return definePipeline({
    name: imageConvertName,
    version: imageConvertVersion,
    title: "Convert images",
    description: "Change the format, size and quality of many images at once, and add a watermark.",
    accepts: { mediaTypes: inputMediaTypes, minFiles: 1, maxFiles, maxFileBytes },
    options: imageConvertOptions,
    tools: { sharp: sharp.versions.sharp, libvips: sharp.versions.vips },
  }).each("convert", (context) => convert(context, maxPixels), {
    concurrency: 2,
    version: "3",
    isolate: { memoryMiB: STEP_MEMORY_MIB },
  });
}

export const imageConvert = createImageConvert();

type Context = EachContext<ImageConvertOptions, null>;

async function convert(context: Context, maxPixels: number): Promise<void> {
  context.progress(0, "decode");
  const path = await context.path(context.file);
  await withFile(path, (data) => convertFile(context, data, maxPixels));
}

async function convertFile(context: Context, data: Buffer, maxPixels: number): Promise<void> {
  const { options, file } = context;
  const { watermark } = options;
  const markData = watermark?.image ? await context.read(watermark.image) : null;
  const drawing = draw(context, data, markData, maxPixels);
  const isSvg = formatOf(data) === "svg" || (markData && formatOf(markData) === "svg");
  const { picture, rendering } = await (isSvg ? withinDrawingTime("The SVG", drawing) : drawing);
  const { outputs, warnings } = rendering;

  context.progress(0.9, "write");
  for (const rendered of outputs) {
    const { format, width, height, frames, page, pages } = rendered;
    const kept = neverLarger(data, picture, rendered, options);
    const output = { data: kept.data, format };
    warnings.push(...kept.warnings);
    if (kept.data === rendered.data) warnings.push(...lostDepth(picture, format));
    warnings.push(...(await lostMetadata(picture.metadata, output, options.keepMetadata)));
    const { mediaType, extension } = formats[format];
    await context.write({
      extension,
      suffix: page ? `-${page}` : "",
      data: kept.data,
      mediaType,
      meta: {
        ...{ width, height, frames, format },
        ...(page && { page }),
        ...(pages && { pages }),
        savedBytes: file.bytes - kept.data.length,
      },
    });
  }
  for (const { code, message } of warnings) context.warn(code, message);
}

function lostDepth({ deep }: Picture, format: OutputFormat): Warning[] {
  if (!deep || formats[format].isDeep) return [];
  const message = `More than 8 bits per channel were reduced to 8, the limit of this ${formats[format].label}.`;
  return [{ code: "depth_reduced", message }];
}

/** Decodes, converts and encodes, once there is memory for it. */
async function draw(context: Context, data: Buffer, markData: Buffer | null, maxPixels: number) {
  const { options } = context;
  let markExtent: Extent | null = null;
  const mark = await readMark(options, markData, maxPixels, async (extent) => {
    markExtent = extent;
    await context.reserveMemory(decodingBytes(extent));
  });
  const picture = await readPicture(data, {
    maxPixels,
    animated: keepsAnimation(options, data),
    allPages: takesPages(options, data),
    tolerant: options.tolerant,
    what: "The file",
    admit: (extent) => context.reserveMemory(conversionBytes(extent, markExtent, options, maxPixels)),
  });
  context.progress(0.1, "convert");
  return { picture, rendering: await render(picture, options, mark) };
}

/** GIF and WebP outputs stay animated. */
function keepsAnimation({ animated, format }: ImageConvertOptions, data: Buffer): boolean {
  const input = formatOf(data);
  return animated && input !== null && formats[outputFormat(input, format)].animates;
}

/** Whether all pages are used: together in a TIFF, or as separate files. */
function takesPages({ pages, format }: ImageConvertOptions, data: Buffer): boolean {
  const input = formatOf(data);
  return pages === "all" || (input !== null && formats[outputFormat(input, format)].hasPages);
}

async function readMark(
  { watermark }: ImageConvertOptions,
  data: Buffer | null,
  maxPixels: number,
  admit: (extent: Extent) => Promise<void>,
): Promise<Mark | null> {
  if (watermark?.text !== undefined) return { text: watermark.text };
  if (data === null) return null;
  const still = { animated: false, allPages: false, tolerant: false };
  return { image: await readPicture(data, { ...still, maxPixels, what: "The watermark image", admit }) };
}
