import { type EachContext, MillraceError } from "millrace";
import sharp from "sharp";
import { z } from "zod";
import { NOTICE, xmpOf } from "./blend/picture-file.ts";

const value = z.number().min(0).max(10);

export const renderOptions = z.object({
  consent: z.literal(true).describe("Both people agree that their portraits are used."),
  traits: z
    .array(z.object({ trait: z.string().regex(/^[a-zA-Z]{1,40}$/), value }))
    .max(20)
    .default([])
    .describe("Traits of the child, as the blend returned them."),
});

type RenderOptions = z.output<typeof renderOptions>;

/** An image drawn by a model, or the unchanged blend. */
export type Rendering = { notice: string; image: string; model: string | null };

export async function renderPicture(ctx: EachContext<RenderOptions, null>): Promise<Rendering> {
  const blend = await ctx.read(ctx.file);
  const drawn = await draw(ctx, blend);
  if (!drawn) ctx.warn("no_image_model", "No image model is configured, so the picture is the blend itself.");
  const { name } = await ctx.write({
    extension: "jpg",
    suffix: "-drawn",
    mediaType: "image/jpeg",
    data: drawn?.data ?? blend,
  });
  return { notice: NOTICE, image: name, model: drawn?.model ?? null };
}

/** `null` if no image model is configured. */
async function draw(
  ctx: EachContext<RenderOptions, null>,
  blend: Buffer,
): Promise<{ data: Buffer; model: string } | null> {
  const images = [{ data: blend, mediaType: ctx.file.mediaType }];
  try {
    const { pictures, model } = await ctx.ai.image({ prompt: promptOf(ctx.options.traits), images });
    const picture = sharp(pictures[0]!.data).flatten({ background: "#ffffff" }).withXmp(xmpOf("drawn"));
    return { data: await picture.jpeg({ quality: 90 }).toBuffer(), model };
  } catch (error) {
    if (error instanceof MillraceError && error.code === "no_model") return null;
    throw error;
  }
}

/** Tells the model what to keep, with the traits as numbers. */
function promptOf(traits: RenderOptions["traits"]): string {
  const list = traits.map(({ trait, value }) => `${words(trait)} ${value.toFixed(2)}`).join(", ");
  return [
    "Draw a friendly portrait of a young adult on a plain background, from the front, in soft light.",
    "Keep the face of the picture: its shape, its eyes, nose, mouth and colors. Add hair that goes with it.",
    list && `Proportions of the face, by its width: ${list}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** Converts `noseWidth` to "nose width". */
function words(trait: string): string {
  return trait.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
