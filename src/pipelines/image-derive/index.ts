import type { z } from "zod";
import type { Artifact, EachContext } from "../../pipeline/context.ts";
import { definePipeline } from "../../pipeline/pipeline.ts";
import { type ImageConvertLimits, imageConvertLimits } from "../image-convert/limits.ts";
import { withFile } from "../pictures/file-buffer.ts";
import { formatOf, formats, inputMediaTypes } from "../pictures/formats.ts";
import { withinDrawingTime } from "../pictures/svg-limits.ts";
import { STEP_MEMORY_MIB } from "../step-memory.ts";
import { MAX_DUPLICATES } from "./choices.ts";
import { type Derived, type DerivedFacts, derive } from "./derive.ts";
import { htmlOf, type Rendition, type Srcset, sourceOf } from "./markup.ts";
import { type ImageDeriveOptions, imageDeriveOptions } from "./options.ts";
import { formatsOf } from "./renditions.ts";

export type { ImageDeriveOptions } from "./options.ts";

export const imageDeriveName = "image.derive";

export interface DeriveResult extends Omit<DerivedFacts, "turned"> {
  srcset: Srcset;
  /** A ready-to-use `picture` element. */
  html: string;
  /** Whether the URLs are public. */
  published: boolean;
  /** The owner's other images that look the same, nearest first. */
  duplicates: { artifactId: string; jobId: string; distance: number }[];
}

/** The built-in pipeline that prepares images for the web. */
export function createImageDerive(limits: Partial<ImageConvertLimits> = {}) {
  const { maxPixels, maxFiles, maxFileBytes } = { ...imageConvertLimits, ...limits };
  return definePipeline({
    name: imageDeriveName,
    version: 1,
    title: "Images for the web",
    description:
      "Widths, formats and crops for every screen, with placeholders, colors, near-duplicates and HTML to paste.",
    accepts: { mediaTypes: inputMediaTypes, minFiles: 1, maxFiles, maxFileBytes },
    options: imageDeriveOptions as z.ZodType<ImageDeriveOptions, z.input<typeof imageDeriveOptions>>,
  })
    .each("derive", (context) => deriveFile(context, maxPixels), {
      concurrency: 2,
      isolate: { memoryMiB: STEP_MEMORY_MIB },
    })
    .each("finish", finish, { cache: "never", concurrency: 4 });
}

export const imageDerive = createImageDerive();

type DeriveContext = EachContext<ImageDeriveOptions, null>;

/** Results that depend only on the file and the options. */
async function deriveFile(context: DeriveContext, maxPixels: number): Promise<DerivedFacts> {
  context.progress(0, "decode");
  const path = await context.path(context.file);
  const { renditions, warnings, ...facts } = await withFile<Derived>(path, (data) => {
    const deriving = derive(data, context, maxPixels);
    return formatOf(data) === "svg" ? withinDrawingTime("The SVG", deriving) : deriving;
  });
  for (const { data, format, width, height } of renditions) {
    const { extension, mediaType } = formats[format];
    await context.write({ extension, suffix: `-${width}`, data, mediaType, meta: { width, height, format } });
  }
  for (const { code, message } of warnings) context.warn(code, message);
  return facts;
}

/** Adds what depends on the job and on the owner's other images: URLs and near-duplicates. */
async function finish(context: EachContext<ImageDeriveOptions, DerivedFacts>): Promise<DeriveResult> {
  const { options, inputs, previous } = context;
  const { turned, ...facts } = previous;
  const files: Artifact[] = [];
  for (const file of inputs) files.push(await context.pass(file));
  const images: (Rendition & { mediaType: string })[] = [];
  for (const file of files) {
    const { width, height } = file.meta as { width: number; height: number };
    const url = options.publish ? await context.publish(file) : `/v1/artifacts/${file.artifactId}`;
    const { artifactId, bytes, mediaType } = file;
    images.push({ ...{ artifactId, url, width, height, bytes }, mediaType });
  }
  const sources = formatsOf(options).map((format) => {
    const { mediaType } = formats[format];
    const own = images.filter((image) => image.mediaType === mediaType);
    return sourceOf(
      mediaType,
      own.map(({ mediaType: _, ...image }) => image),
    );
  });
  const { width, height } = sources[0]!.images.at(-1)!;
  const srcset: Srcset = { sizes: options.sizes, width, height, sources };
  const duplicates =
    options.duplicates && turned.length > 0
      ? await context.nearDuplicates(context.file, turned, { limit: MAX_DUPLICATES })
      : [];
  const { alt, publish: published } = options;
  return { srcset, html: htmlOf(srcset, { alt, colors: facts.colors }), published, ...facts, duplicates };
}
