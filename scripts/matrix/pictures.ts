import sharp from "sharp";
import { personal, withGainMap } from "../../src/pipelines/image-convert/test-metadata.ts";
import { animation, convert, scene, withHole } from "../../src/pipelines/image-convert/test-pictures.ts";
import { sampleTiff } from "../../src/pipelines/image-convert/test-tiff-samples.ts";
import { exifDensity } from "../../src/pipelines/pictures/exif.ts";
import { formats, type OutputFormat } from "../../src/pipelines/pictures/formats.ts";
import { pngChunk, readPng } from "../../src/pipelines/pictures/png.ts";
import { joinTiffs } from "../../src/pipelines/pictures/tiff-join.ts";
import { unreadMetadata } from "../../src/pipelines/pictures/unread-metadata.ts";
import { table } from "./page.ts";

/** Features of an image that a conversion can lose, and the warnings about them. */
const WARNINGS = {
  frames: "frames_dropped",
  pages: "pages_dropped",
  "16 bits": "depth_reduced",
  profile: "profile_dropped",
  "gain map": "gain_map_dropped",
  EXIF: "metadata_dropped",
  XMP: "metadata_dropped",
  IPTC: "metadata_dropped",
  comment: "metadata_dropped",
  // Expected losses: `background` replaces transparency, and GIF has no density.
  transparency: null,
  density: null,
} as const;
type Feature = keyof typeof WARNINGS;

interface Input {
  make(): Promise<Buffer>;
  has: readonly Feature[];
  size?: readonly [width: number, height: number];
}

const frames = ["#ff0000", "#00ff00", "#0000ff"];
const upright = [200, 320] as const;
const lying = [320, 200] as const;

const inputs: Record<string, Input> = {
  "photograph, JPEG": {
    make: () => personal("jpeg"),
    has: ["profile", "EXIF", "XMP", "IPTC", "comment", "density"],
    size: upright,
  },
  "Display P3, JPEG": {
    make: () => scene().withIccProfile("p3").jpeg().toBuffer(),
    has: ["profile"],
    size: lying,
  },
  "CMYK, JPEG": {
    make: () => scene().toColourspace("cmyk").withIccProfile("cmyk").jpeg().toBuffer(),
    has: ["profile"],
    size: lying,
  },
  "gain map, JPEG": { make: withGainMap, has: ["gain map", "profile", "EXIF"] },
  "photograph, PNG": {
    make: () => personal("png"),
    has: ["profile", "EXIF", "XMP", "comment", "density"],
    size: upright,
  },
  "transparent, PNG": { make: () => withHole(), has: ["transparency"], size: lying },
  "16 bits, PNG": {
    make: () => scene().toColourspace("rgb16").png().toBuffer(),
    has: ["16 bits"],
    size: lying,
  },
  "16-bit gray, PNG": {
    make: () => scene().toColourspace("grey16").png().toBuffer(),
    has: ["16 bits"],
    size: lying,
  },
  "gray, PNG": { make: () => scene().toColourspace("b-w").png().toBuffer(), has: [], size: lying },
  "indexed, PNG": {
    make: () => scene().png({ palette: true, colours: 16 }).toBuffer(),
    has: [],
    size: lying,
  },
  "`cICP` of Display P3, PNG": { make: coded, has: ["profile"], size: lying },
  "animated PNG": { make: apng, has: ["frames"], size: [40, 30] },
  "photograph, WebP": {
    make: () => personal("webp"),
    has: ["profile", "EXIF", "XMP", "density"],
    size: upright,
  },
  "animated WebP": { make: () => animation("webp", frames), has: ["frames"], size: [60, 40] },
  "photograph, AVIF": { make: () => personal("avif"), has: ["profile", "EXIF", "XMP", "density"] },
  "10 bits, AVIF": {
    make: () => scene().toColourspace("rgb16").avif({ bitdepth: 10 }).toBuffer(),
    has: ["16 bits"],
    size: lying,
  },
  "comment and XMP, GIF": { make: () => personal("gif"), has: ["XMP", "comment"], size: lying },
  "animated GIF": { make: () => animation("gif", frames), has: ["frames"], size: [60, 40] },
  "photograph, TIFF": { make: () => personal("tiff"), has: ["profile", "XMP", "density"] },
  "three pages, TIFF": { make: threePages, has: ["pages"], size: lying },
  "two colors, TIFF": {
    make: () =>
      scene().threshold(128).toColourspace("b-w").tiff({ compression: "ccittfax4", bitdepth: 1 }).toBuffer(),
    has: [],
    size: lying,
  },
  "floating-point gray, TIFF": {
    make: async () => sampleTiff({ format: "float", bits: 32, photometric: 1, pixel: [0.5] }),
    has: ["16 bits"],
    size: [20, 10],
  },
  "drawing, SVG": {
    make: async () =>
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1in" height="20"><circle r="9"/></svg>'),
    has: ["transparency"],
    size: [96, 20],
  },
};

function threePages(): Promise<Buffer> {
  const pages = [1, 2, 3].map(() => scene().tiff({ compression: "lzw" }).toBuffer());
  return Promise.all(pages).then(joinTiffs);
}

async function coded(): Promise<Buffer> {
  const file = await scene().png().toBuffer();
  return Buffer.concat([
    file.subarray(0, 33),
    pngChunk("cICP", Buffer.from([12, 13, 0, 1])),
    file.subarray(33),
  ]);
}

/** Two frames of one image. */
async function apng(): Promise<Buffer> {
  const file = await scene(40, 30).png().toBuffer();
  const data = Buffer.concat(
    readPng(file)
      .filter(({ type }) => type === "IDAT")
      .map(({ body }) => body),
  );
  const control = (number: number) => {
    const body = Buffer.alloc(26);
    body.writeUInt32BE(number, 0);
    body.writeUInt32BE(40, 4);
    body.writeUInt32BE(30, 8);
    body.writeUInt16BE(10, 20);
    return pngChunk("fcTL", body);
  };
  const count = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]);
  const number = Buffer.from([0, 0, 0, 2]);
  return Buffer.concat([
    file.subarray(0, 33),
    pngChunk("acTL", count),
    control(0),
    pngChunk("IDAT", data),
    control(1),
    pngChunk("fdAT", Buffer.concat([number, data])),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

export interface Conversion {
  input: string;
  output: OutputFormat;
  lost: Feature[];
  /** Losses without a warning, and other errors. */
  faults: string[];
}

/** Converts every kind of image to every format with `keepMetadata`, and checks the results. */
export async function convertAll(): Promise<Conversion[]> {
  const found: Conversion[] = [];
  for (const [input, { make, has, size }] of Object.entries(inputs)) {
    const file = await make();
    for (const output of Object.keys(formats) as OutputFormat[]) {
      const { data, meta, warned } = await convert(file, { format: output, keepMetadata: true, quality: 70 });
      const kept = await featuresOf(data, output, meta);
      const lost = has.filter((feature) => !kept.includes(feature));
      const silent = lost.filter((feature) => WARNINGS[feature] && !warned.includes(WARNINGS[feature]));
      const faults = silent.map((feature) => `${feature} without a warning`);
      for (const code of warned)
        if (!lost.some((feature) => WARNINGS[feature] === code)) faults.push(`${code} without a loss`);
      const isSized = !size || (meta.width === size[0] && meta.height === size[1]);
      if (!isSized) faults.push(`${meta.width} × ${meta.height} pixels`);
      found.push({ input, output, lost, faults });
    }
  }
  return found;
}

async function featuresOf(
  data: Buffer,
  format: OutputFormat,
  meta: Record<string, unknown>,
): Promise<Feature[]> {
  const header = format === "bmp" ? null : await sharp(data).metadata();
  const density = header?.density ?? (header?.exif ? exifDensity(header.exif) : null) ?? 0;
  const dots = format === "bmp" ? data.readUInt32LE(38) * 0.0254 : density;
  const has: Record<Feature, boolean> = {
    frames: (meta.frames as number) > 1,
    pages: ((meta.pages as number | undefined) ?? 1) > 1,
    "16 bits": header?.depth === "ushort",
    profile: header?.hasProfile ?? false,
    "gain map": header?.gainMap !== undefined,
    EXIF: header?.exif !== undefined,
    XMP: header?.xmp !== undefined || unreadMetadata(data, format).includes("XMP"),
    IPTC: header?.iptc !== undefined,
    comment: unreadMetadata(data, format).includes("comment"),
    transparency: header ? header.hasAlpha : data.readUInt16LE(28) === 32,
    density: Math.round(dots) === 300,
  };
  return (Object.keys(has) as Feature[]).filter((feature) => has[feature]);
}

/** Table with inputs as rows and outputs as columns: what is lost, with the warning's name. */
export function conversionTable(conversions: readonly Conversion[]): string {
  const outputs = Object.entries(formats) as [OutputFormat, { label: string }][];
  const rows = [...Map.groupBy(conversions, ({ input }) => input)].map(([input, same]) => [
    input,
    ...outputs.map(([format]) => same.find(({ output }) => output === format)!.lost.join(", ") || "✓"),
  ]);
  const losses = (Object.entries(WARNINGS) as [Feature, string | null][])
    .filter(([feature]) => conversions.some(({ lost }) => lost.includes(feature)))
    .map(([feature, code]) => `${feature}: ${code ? `\`${code}\`` : "none"}`);
  return [
    table(["from", ...outputs.map(([, { label }]) => label)], rows),
    "",
    `The warnings of these losses: ${losses.join("; ")}.`,
  ].join("\n");
}
