import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { imageConvertOptions } from "../../pipelines/image-convert/options.ts";
import { usageError } from "../output.ts";
import type { ConvertFlags } from "./flags.ts";

export interface ConvertOptions {
  /** As a client of the API sends them: a watermark's picture comes beside them. */
  options: Record<string, unknown>;
  /** File of the watermark's picture. */
  watermark: string | null;
  format: string;
}

const aliases: Record<string, string> = { jpg: "jpeg", tif: "tiff" };

/** The options of `image.convert`; throws in words that name the flag. */
export function convertOptions(flags: ConvertFlags): ConvertOptions {
  const { watermark: text, watermarkImage: image } = flags;
  if (text !== undefined && image !== undefined) {
    throw usageError("Give either --watermark or --watermark-image, not both.");
  }
  if (image !== undefined && !existsSync(image)) throw usageError(`--watermark-image: there is no ${image}.`);
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

/** Before anything is read or started: what is wrong with the options, by their flags. */
function check(options: Record<string, unknown>, hasImage: boolean): void {
  const watermark = hasImage
    ? { ...(options.watermark as object), image: { artifactId: "file" } }
    : undefined;
  const parsed = imageConvertOptions.safeParse(watermark ? { ...options, watermark } : options);
  if (parsed.success) return;
  const texts = parsed.error.issues.map(({ path, message }) => {
    const name = path.join(".");
    return `${flagOf[name] ?? `--${name.replaceAll(".", "-")}`}: ${message}`;
  });
  throw usageError(texts.join("\n          "));
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === "" ? undefined : Number(text);
}

function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
