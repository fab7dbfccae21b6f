import { definePipeline, fileOption, perceptualHash } from "millrace";
import sharp from "sharp";
import { z } from "zod";
import { isInside } from "../geo/country.ts";
import { placeSchema } from "../place.ts";
import { records } from "../records/open.ts";
import { type Decision, decideAll } from "../reports/decide.ts";
import { linkRules } from "../reports/links.ts";
import type { Reason } from "../reports/reasons.ts";
import { wordRules } from "../reports/words.ts";

/** Never cached, because decisions depend on other reports and on rules that may change. */
const fresh = { cache: "never" } as const;
const PHOTO_PIXELS = 50_000_000;

/**
 * Handles users' reports of places. Millrace validates the schema before it accepts a report. Each step adds its
 * objections, and the last one decides.
 */
export const report = definePipeline({
  name: "places.report",
  version: 1,
  title: "Report a place",
  description: "Checks reports of places, and says what became of each.",
  accepts: { data: placeSchema, maxItems: 100 },
  options: z.object({
    photo: fileOption("A photo of the place: JPEG, PNG or WebP").optional().meta({ title: "Photo" }),
  }),
})
  .each(
    "country",
    ({ data }) => ({ against: isInside(data) ? [] : (["outside_country"] as Reason[]) }),
    fresh,
  )
  .each(
    "rules",
    ({ data, previous }) => ({
      against: [...previous.against, ...linkRules(data.link), ...wordRules(data)] as Reason[],
    }),
    fresh,
  )
  .each(
    "photo",
    async (ctx) => {
      const { against } = ctx.previous;
      const { photo } = ctx.options;
      if (photo === undefined) return { against, photo: null };
      const image = await ctx.read(photo);
      if (!(await isReadable(image)))
        return { against: [...against, "unreadable_photo" as const], photo: null };
      return { against, photo: await perceptualHash(image) };
    },
    // Isolated, because it decodes untrusted files.
    { ...fresh, isolate: { memoryMiB: 512 } },
  )
  .batch("decide", { size: 50, waitMs: 200, ...fresh }, async (tasks) => {
    const decisions = await decideAll(
      await records(),
      tasks.map(({ jobId, index, owner, data, previous }) => ({
        ...{ id: `${jobId}.${index}`, owner, place: data, photo: previous.photo },
        against: previous.against,
      })),
    );
    return decisions as Decision[];
  });

async function isReadable(image: Buffer): Promise<boolean> {
  const { format, width, height } = await sharp(image)
    .metadata()
    .catch(() => ({ format: "", width: 0, height: 0 }));
  return ["jpeg", "png", "webp"].includes(format) && width * height > 0 && width * height <= PHOTO_PIXELS;
}
