import { z } from "zod";
import { fileOption } from "../../pipeline/file-option.ts";
import { fits, MAX_MARK_CHARACTERS, MAX_SIDE, outputFormats, positions } from "./choices.ts";

const watermark = z
  .strictObject({
    text: z.string().trim().min(1).max(MAX_MARK_CHARACTERS).optional().meta({
      title: "Text",
      description:
        "In any script that the fonts have; Latin and Korean always. Long text becomes smaller to fit.",
    }),
    image: fileOption("A picture to lay over, best a PNG or SVG with a transparent background.").optional(),
    position: z
      .enum(positions)
      .default("bottom-right")
      .meta({ title: "Position", description: "Where on the picture it lies." }),
    opacity: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .meta({ title: "Opacity", description: "From 0 (not to be seen) to 1 (covers what is below)." }),
    size: z.number().min(0.01).max(1).default(0.3).meta({
      title: "Size",
      description: "The part of the picture's width and height that it may take up; it keeps its own ratio.",
    }),
  })
  .refine((mark) => (mark.text === undefined) !== (mark.image === undefined), {
    error: "Give the watermark either a text or an image.",
  })
  .meta({ title: "Watermark", description: "A text or a picture laid over each picture." });

const side = z.int().min(1).max(MAX_SIDE);

export const imageConvertOptions = z.strictObject({
  width: side.optional().meta({
    title: "Width",
    description: "In pixels. With the width or the height alone, the other follows from the picture's ratio.",
  }),
  height: side.optional().meta({ title: "Height", description: "In pixels." }),
  fit: z.enum(fits).default("inside").meta({
    title: "Fit",
    description:
      "How a picture of another ratio meets width and height. inside: as large as fits, nothing cut; cover: fills both, edges cut; contain: fits, with background added; fill: stretched; outside: as small as covers both, nothing cut.",
  }),
  enlarge: z
    .boolean()
    .default(false)
    .meta({ title: "Enlarge", description: "Also make small pictures larger than they are." }),
  format: z.enum(outputFormats).default("webp").meta({
    title: "Format",
    description: "original keeps that of each picture (an SVG or ICO becomes a PNG).",
  }),
  quality: z.int().min(1).max(100).default(80).meta({
    title: "Quality",
    description:
      "Of JPEG, WebP and AVIF: higher looks better and takes more bytes. PNG and TIFF lose nothing.",
  }),
  watermark: watermark.optional(),
  keepMetadata: z.boolean().default(false).meta({
    title: "Keep metadata",
    description:
      "Keep EXIF (camera, place, time), XMP, IPTC, density, gain map and the colour profile, fitted to the new picture. Otherwise colours become sRGB, and nothing personal remains.",
  }),
  background: z
    .string()
    .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/, {
      error: 'Write the colour as "#rrggbb" or "#rrggbbaa".',
    })
    .default("#ffffff")
    .meta({
      title: "Background",
      description:
        "Behind transparent parts where the format has none (JPEG), and around pictures that contain adds to.",
      format: "color",
    }),
  lossless: z.boolean().default(false).meta({
    title: "Lossless",
    description: "Of WebP and AVIF: every pixel as it was, for graphics and text.",
  }),
  tolerant: z.boolean().default(false).meta({
    title: "Accept incomplete files",
    description: "Of a file that is cut off, keep what came of it, with a warning. Otherwise it fails.",
  }),
  pages: z.enum(["first", "all"]).default("first").meta({
    title: "Pages",
    description:
      "Of a TIFF with several pages. TIFF takes them all into one file; in other formats, first makes a file of the first page and all one of each.",
  }),
  animated: z.boolean().default(true).meta({
    title: "Keep animation",
    description: "Of GIF, WebP and PNG, when the new format is GIF or WebP; otherwise the first frame.",
  }),
});

export type ImageConvertOptions = z.output<typeof imageConvertOptions>;
export type WatermarkOptions = NonNullable<ImageConvertOptions["watermark"]>;
