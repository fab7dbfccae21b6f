import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { firstIssues } from "../../domain/issues.ts";
import { imageConvertOptions } from "../../pipelines/image-convert/options.ts";
import { usageError } from "../output.ts";
import type { ConvertFlags } from "./flags.ts";

export interface ConvertOptions {
  /** As API clients send them. A watermark image is sent separately. */
  options: Record<string, unknown>;
  /** Path of the watermark image. */
  watermark: string | null;
  format: string;
}

const aliases: Record<string, string> = { jpg: "jpeg", tif: "tiff" };

/** Builds the options of `image.convert`. Errors name the flag. */
export function convertOptions(flags: ConvertFlags): ConvertOptions {
  const { watermark: text, watermarkImage: image } = flags;
  if (text !== undefined && image !== undefined) {
    throw usageError("Use either --watermark or --watermark-image, not both.");
  }
  if (image !== undefined && !existsSync(image))
    throw usageError(`--watermark-image: The file ${image} does not exist.`);
  const marked = text !== undefined || image !== undefined;
  const format = aliases[flags.to ?? ""] ?? flags.to;
  const options: Record<string, unknown> = given({
    format,
    width: number(flags.width),
    height: number(flags.height),
    fit: flags.fit,
    enlarge: flags.enlarge,
    quality: number(flags.quality),
    lossless: flags.lossless,
    progressive: flags.progressive,
    chroma: flags.chroma,
    tolerant: flags.tolerant,
    pages: flags.pages,
    background: flags.background,
    keepMetadata: flags.keepMetadata,
    animated: flags.animated,
    watermark: marked
      ? given({
          text,
          position: flags.watermarkPosition,
          opacity: number(flags.watermarkOpacity),
          size: number(flags.watermarkSize),
        })
      : undefined,
  });
  check(options, image !== undefined);
  return { options, watermark: image === undefined ? null : resolve(image), format: String(format) };
}

const flagOf: Record<string, string> = {
  format: "--to",
  "watermark.text": "--watermark",
  keepMetadata: "--keep-metadata",
};

/** Validates the options before reading or starting anything, with errors that name the flag. */
function check(options: Record<string, unknown>, hasImage: boolean): void {
  const watermark = hasImage
    ? { ...(options.watermark as object), image: { artifactId: "file" } }
    : undefined;
  const parsed = imageConvertOptions.safeParse(watermark ? { ...options, watermark } : options);
  if (parsed.success) return;
  const texts = firstIssues(parsed.error.issues).map(
    ({ path, message }) => `${flagOf[path] ?? `--${path.replaceAll(".", "-")}`}: ${message}`,
  );
  throw usageError(texts.join("\n          "));
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === "" ? undefined : Number(text);
}

function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
