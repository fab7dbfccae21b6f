import { z } from "zod";
import { fileOption } from "../../pipeline/file-option.ts";
import { chromas, fits, MAX_MARK_CHARACTERS, MAX_SIDE, outputFormats, positions } from "./choices.ts";

const watermark = z
  .strictObject({
    text: z.string().trim().min(1).max(MAX_MARK_CHARACTERS).optional().meta({
      title: "Text",
      description:
        "Supports Latin and Korean, and other scripts if fonts for them are installed. Long text shrinks to fit.",
    }),
    image: fileOption(
      "The image to use as the watermark. A PNG or SVG with a transparent background works best.",
    ).optional(),
    position: z
      .enum(positions)
      .default("bottom-right")
      .meta({ title: "Position", description: "Where the watermark is placed." }),
    opacity: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .meta({ title: "Opacity", description: "From 0 (invisible) to 1 (opaque)." }),
    size: z.number().min(0.01).max(1).default(0.3).meta({
      title: "Size",
      description:
        "Largest fraction of the image's width and height that the watermark takes up. It keeps its aspect ratio.",
    }),
  })
  .refine((mark) => (mark.text === undefined) !== (mark.image === undefined), {
    error: "Set either text or image for the watermark, not both.",
  })
  .meta({ title: "Watermark", description: "A text or an image placed on each image." });

const side = z.int().min(1).max(MAX_SIDE);

export const imageConvertOptions = z.strictObject({
  width: side.optional().meta({
    title: "Width",
    description: "In pixels. If you set only width or height, the other follows from the aspect ratio.",
  }),
  height: side.optional().meta({ title: "Height", description: "In pixels." }),
  fit: z.enum(fits).default("inside").meta({
    title: "Fit",
    description:
      "What to do if the aspect ratio differs. inside: as large as fits, nothing is cropped. cover: fills the size, edges are cropped. contain: fits inside, with background added. fill: stretches. outside: as small as possible while covering the size, nothing is cropped.",
  }),
  enlarge: z
    .boolean()
    .default(false)
    .meta({ title: "Enlarge", description: "Enlarge images that are smaller than the requested size." }),
  format: z.enum(outputFormats).default("webp").meta({
    title: "Format",
    description: "original keeps the format of each image (SVG and ICO become PNG).",
  }),
  quality: z.int().min(1).max(100).default(80).meta({
    title: "Quality",
    description:
      "For JPEG, WebP and AVIF. Higher quality means larger files. PNG and TIFF are always lossless.",
  }),
  watermark: watermark.optional(),
  keepMetadata: z.boolean().default(false).meta({
    title: "Keep metadata",
    description:
      "Keep EXIF (camera, location, time), XMP, IPTC, density, gain map and color profile, adjusted to the new image. When off, colors are converted to sRGB and no personal data remains.",
  }),
  background: z
    .string()
    .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/, {
      error: 'Use the form "#rrggbb" or "#rrggbbaa" for the color.',
    })
    .default("#ffffff")
    .meta({
      title: "Background",
      description:
        "Fills transparent areas when the format has no transparency (JPEG), and the area that contain adds.",
      format: "color",
    }),
  lossless: z.boolean().default(false).meta({
    title: "Lossless",
    description: "For WebP and AVIF. Keeps every pixel exactly. Suits graphics and text.",
  }),
  progressive: z.boolean().default(false).meta({
    title: "Progressive",
    description: "For JPEG. The whole image appears early and sharpens as it loads.",
  }),
  chroma: z.enum(chromas).optional().meta({
    title: "Color detail",
    description:
      "For JPEG and AVIF. 4:4:4 keeps full color detail, for red text and sharp edges. 4:2:0 halves it and makes smaller files. Defaults to 4:2:0 for JPEG and 4:4:4 for AVIF.",
  }),
  tolerant: z.boolean().default(false).meta({
    title: "Accept incomplete files",
    description: "Convert what can be read of a truncated file, with a warning. When off, the file fails.",
  }),
  pages: z.enum(["first", "all"]).default("first").meta({
    title: "Pages",
    description:
      "For a TIFF with several pages. first converts the first page, all makes one file per page. If the new format is TIFF, all pages go into one file.",
  }),
  animated: z.boolean().default(true).meta({
    title: "Keep animation",
    description:
      "Keep the animation of GIF, WebP and PNG files if the new format is GIF or WebP. When off, only the first frame is kept.",
  }),
});

export type ImageConvertOptions = z.output<typeof imageConvertOptions>;
export type WatermarkOptions = NonNullable<ImageConvertOptions["watermark"]>;
