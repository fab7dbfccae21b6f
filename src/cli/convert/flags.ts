import type { Command } from "commander";
import { chromas, fits, outputFormats, positions } from "../../pipelines/image-convert/choices.ts";

/** Flags of the command line, as texts. */
export interface ConvertFlags {
  to?: string;
  width?: string;
  height?: string;
  fit?: string;
  enlarge?: boolean;
  quality?: string;
  lossless?: boolean;
  progressive?: boolean;
  chroma?: string;
  tolerant?: boolean;
  pages?: string;
  background?: string;
  keepMetadata?: boolean;
  animated?: boolean;
  watermark?: string;
  watermarkImage?: string;
  watermarkPosition?: string;
  watermarkOpacity?: string;
  watermarkSize?: string;
}

export function addConvertFlags(command: Command): Command {
  return command
    .optionsGroup("Images:")
    .option("--to <format>", `${oneOf(outputFormats)} (keeps each file's format)`, "webp")
    .option("--width <pixels>", "new width; with only one of the two, the aspect ratio is kept")
    .option("--height <pixels>", "new height")
    .option("--fit <how>", `${oneOf(fits)}, if the aspect ratio differs`, "inside")
    .option("--enlarge", "also enlarge small images")
    .option("--quality <1-100>", "quality of JPEG, WebP and AVIF", "80")
    .option("--lossless", "keep every pixel exactly, in WebP and AVIF")
    .option("--progressive", "write a progressive JPEG, which appears early and sharpens as it loads")
    .option("--chroma <how>", `${oneOf(chromas)}: color resolution of JPEG and AVIF`)
    .option("--pages <which>", "first or all pages of a TIFF, if the new format has no pages")
    .option("--tolerant", "convert what can be read of a truncated file")
    .option("--background <#rrggbb>", "color behind transparent areas and around contained images", "#ffffff")
    .option("--keep-metadata", "keep EXIF (camera, location, time), XMP and the color profile")
    .option("--no-animated", "keep only the first frame of an animation")
    .optionsGroup("Watermark:")
    .option("--watermark <text>", "text to put on each image")
    .option("--watermark-image <file>", "image to put on each image")
    .option("--watermark-position <where>", oneOf(positions), "bottom-right")
    .option("--watermark-opacity <0-1>", "opacity of the watermark", "0.3")
    .option("--watermark-size <0-1>", "largest part of the image that it takes up", "0.3");
}

/** Without `Intl`, whose data takes each command 13 ms to load. */
function oneOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
