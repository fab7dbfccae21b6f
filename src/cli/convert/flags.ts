import type { Command } from "commander";
import { fits, outputFormats, positions } from "../../pipelines/image-convert/choices.ts";

/** What was written on the command line, as texts. */
export interface ConvertFlags {
  to?: string;
  width?: string;
  height?: string;
  fit?: string;
  enlarge?: boolean;
  quality?: string;
  lossless?: boolean;
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
    .optionsGroup("Pictures:")
    .option("--to <format>", `${oneOf(outputFormats)}, which keeps that of each file`, "webp")
    .option("--width <pixels>", "new width; with one of the two, the other follows")
    .option("--height <pixels>", "new height")
    .option("--fit <how>", `${oneOf(fits)}, where the ratio differs`, "inside")
    .option("--enlarge", "also make small pictures larger than they are")
    .option("--quality <1-100>", "of JPEG, WebP and AVIF", "80")
    .option("--lossless", "every pixel as it was, in WebP and AVIF")
    .option("--pages <which>", "first or all: of a TIFF with several, in formats that have no pages")
    .option("--tolerant", "keep what came of a file that is cut off")
    .option("--background <#rrggbb>", "behind transparent parts and around contained pictures", "#ffffff")
    .option("--keep-metadata", "keep EXIF (camera, place, time), XMP and the colour profile")
    .option("--no-animated", "the first frame of an animation alone")
    .optionsGroup("Watermark:")
    .option("--watermark <text>", "a text on each picture")
    .option("--watermark-image <file>", "a picture on each picture")
    .option("--watermark-position <where>", oneOf(positions), "bottom-right")
    .option("--watermark-opacity <0-1>", "how much it covers", "0.3")
    .option("--watermark-size <0-1>", "part of the picture that it may take up", "0.3");
}

function oneOf(names: readonly string[]): string {
  return new Intl.ListFormat("en-GB", { type: "disjunction" }).format(names);
}
