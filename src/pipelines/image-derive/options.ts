import { z } from "zod";
import { MAX_SIDE } from "../image-convert/choices.ts";
import { deriveFormats, focuses, MAX_RENDITIONS, MAX_WIDTHS } from "./choices.ts";

const crop = z
  .strictObject({
    ratio: z
      .string()
      .regex(/^[1-9]\d{0,4}:[1-9]\d{0,4}$/, { error: 'Write the ratio as "16:9".' })
      .meta({ title: "Ratio", description: "Width to height, such as 16:9 or 1:1." }),
    focus: z.enum(focuses).default("attention").meta({
      title: "Focus",
      description:
        "Which part is kept: a side, a corner or the center, attention (colors, skin and detail), entropy (the busiest part), or faces (if @vladmandic/human is installed).",
    }),
  })
  .meta({ title: "Crop", description: "Crops each image to an aspect ratio." });

export const imageDeriveOptions = z
  .strictObject({
    widths: z
      .array(z.int().min(1).max(MAX_SIDE))
      .min(1)
      .max(MAX_WIDTHS)
      .default([320, 640, 1280, 1920])
      .meta({ title: "Widths", description: "In CSS pixels. An image is never enlarged." }),
    densities: z.array(z.number().min(0.5).max(4)).min(1).max(4).default([1]).meta({
      title: "Densities",
      description: "Device pixel ratios. With 2, each width is also made twice as wide.",
    }),
    formats: z
      .array(z.enum(deriveFormats))
      .min(1)
      .max(deriveFormats.length)
      .default(["avif", "webp", "jpeg"])
      .meta({
        title: "Formats",
        description:
          "Browsers use the best format that they support, in the order AVIF, WebP, JPEG, PNG. The last one is the fallback.",
      }),
    quality: z
      .int()
      .min(1)
      .max(100)
      .default(75)
      .meta({ title: "Quality", description: "For AVIF, WebP and JPEG. PNG is always lossless." }),
    crop: crop.optional(),
    background: z
      .string()
      .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, { error: 'Write the color as "#rrggbb".' })
      .default("#ffffff")
      .meta({ title: "Background", description: "Fills transparent areas in JPEG.", format: "color" }),
    alt: z
      .string()
      .max(500)
      .default("")
      .meta({ title: "Alternative text", description: "For the alt attribute of the HTML." }),
    sizes: z.string().max(500).default("100vw").meta({
      title: "Sizes",
      description:
        "For the sizes attribute: the display width of the image, such as (min-width: 800px) 50vw, 100vw.",
    }),
    keepMetadata: z.boolean().default(false).meta({
      title: "Keep metadata",
      description:
        "Keep EXIF (camera, location, time), XMP and other metadata. When off, no personal data remains.",
    }),
    duplicates: z.boolean().default(true).meta({
      title: "Find near-duplicates",
      description: "Search your other images, including re-encoded, resized, mirrored and rotated copies.",
    }),
    publish: z.boolean().default(false).meta({
      title: "Publish",
      description: "Give the images public addresses that last until the job is deleted.",
    }),
  })
  .refine(
    ({ widths, densities, formats }) =>
      new Set(widths).size * new Set(densities).size * new Set(formats).size <= MAX_RENDITIONS,
    { error: `Widths, densities and formats make more than ${MAX_RENDITIONS} pictures.` },
  );

export type ImageDeriveOptions = z.output<typeof imageDeriveOptions>;
