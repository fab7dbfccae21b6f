/**
 * A contact sheet: one JPEG with a thumbnail of every image.
 *
 *   millrace start --pipelines examples/contact-sheet.ts
 *   curl -F pipeline=contact-sheet -F files=@samples/sea.jpg -F files=@samples/pines.jpg \
 *     http://127.0.0.1:8080/v1/jobs
 */
import { definePipeline, PermanentError } from "millrace";
import sharp, { type OverlayOptions } from "sharp";
import { z } from "zod";

const GAP = 12;

export const contactSheet = definePipeline({
  name: "contact-sheet",
  version: 1,
  title: "Contact sheet",
  description: "All pictures small on one page.",
  accepts: { mediaTypes: ["image/jpeg", "image/png", "image/webp"], minFiles: 1, maxFiles: 100 },
  options: z.object({
    columns: z.int().min(1).max(10).default(4).meta({ title: "Columns" }),
    cell: z.int().min(32).max(512).default(240).meta({ title: "Cell", description: "Its side, in pixels." }),
  }),
  // Another version of the library may produce other bytes, so the two do not share cached results.
  tools: { sharp: sharp.versions.sharp },
})
  .each(
    "thumbnail",
    async (ctx) => {
      const { cell } = ctx.options;
      const { data, info } = await sharp(await ctx.read(ctx.file))
        .autoOrient()
        .resize(cell, cell, { fit: "inside" })
        .jpeg({ quality: 90 })
        .toBuffer({ resolveWithObject: true })
        .catch((cause: Error) => {
          throw new PermanentError("undecodable_file", "This picture cannot be decoded.", { cause });
        });
      // The next step finds this file among the item's outputs, and clients find it in the archive.
      const small = await ctx.write({ name: `small-${ctx.name}.jpg`, data, mediaType: "image/jpeg" });
      return { small, width: info.width, height: info.height };
    },
    { concurrency: 4 },
  )
  .all(
    "sheet",
    async (ctx) => {
      const { columns, cell } = ctx.options;
      const rows = Math.ceil(ctx.items.length / columns);
      const place = (n: number, side: number) => GAP + n * (cell + GAP) + Math.floor((cell - side) / 2);

      const layers: OverlayOptions[] = [];
      for await (const { result } of ctx.items) {
        const n = layers.length;
        // Stop if the job was cancelled or has timed out.
        ctx.signal.throwIfAborted();
        layers.push({
          input: await ctx.read(result.small),
          left: place(n % columns, result.width),
          top: place(Math.floor(n / columns), result.height),
        });
        ctx.progress((n + 1) / (ctx.items.length + 1), `${n + 1} of ${ctx.items.length} placed`);
      }

      const side = (cells: number) => GAP + cells * (cell + GAP);
      const page = { width: side(Math.min(columns, ctx.items.length)), height: side(rows) };
      const data = await sharp({ create: { ...page, channels: 3, background: "#f4f2ee" } })
        .composite(layers)
        .jpeg({ quality: 85 })
        .toBuffer();
      const sheet = await ctx.write({
        name: "contact-sheet.jpg",
        data,
        mediaType: "image/jpeg",
        meta: page,
      });
      const left = await Array.fromAsync(ctx.failures, ({ name }) => name);
      return { sheet, pictures: ctx.items.length, left };
    },
    { timeoutMs: 60_000 },
  );
