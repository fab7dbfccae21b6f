import { avifShare } from "./avif-share.ts";
import { type FormState, usesQuality } from "./options.ts";
import { drawAtMost, drawPieces, type PreviewSource, resultSize } from "./preview-rendering.ts";
import type { Mark } from "./watermark-drawing.ts";

/** An estimate of the result. */
export interface ResultGuess {
  source: PreviewSource;
  form: FormState;
  mark: Mark | null;
  /** `null` for formats whose size cannot be estimated. */
  bytes: number | null;
  /** It may be off by half. */
  isRough: boolean;
  /** The encoded image as the browser shows it. `null` if the browser cannot encode the format. */
  image: ImageBitmap | null;
}

/** Encoding more pixels would take longer than the estimate is worth. */
const mostPixels = 4_200_000;
const mostPixelsOnPhones = 1_600_000;

/** Encodes the result in the browser, or for a large one, pieces of it at full resolution. */
export async function guessResult(
  source: PreviewSource,
  form: FormState,
  mark: Mark | null,
): Promise<ResultGuess> {
  const guess = { source, form, mark, bytes: null, isRough: false, image: null };
  const format = formatOf(source, form);
  const type = format === "avif" ? "image/webp" : `image/${format}`;
  if (form.lossless && (format === "webp" || format === "avif")) return guess;
  if (!["image/webp", "image/jpeg", "image/png"].includes(type)) return guess;
  const canvas = document.createElement("canvas");
  const most = matchMedia("(pointer: coarse)").matches ? mostPixelsOnPhones : mostPixels;
  const scale = drawAtMost(canvas, source, form, mark, most);
  const encoded = await encode(canvas, type, form);
  if (!encoded) return guess;
  const image = format === "avif" ? null : await createImageBitmap(encoded);
  const size = resultSize(source, form);
  let bytes: number | null = encoded.size;
  if (scale < 1) {
    drawPieces(canvas, source, size.width / source.width);
    const pixels = canvas.width * canvas.height;
    const pieces = await encode(canvas, type, form);
    bytes = pieces && pieces.size * ((size.width * size.height) / pixels);
  }
  canvas.width = 0;
  if (bytes !== null && format === "avif") bytes *= avifShare(form.quality);
  return { ...guess, bytes, image, isRough: format === "avif" };
}

async function encode(canvas: HTMLCanvasElement, type: string, form: FormState): Promise<Blob | null> {
  const quality = usesQuality(form.format) ? form.quality / 100 : undefined;
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
  // Browsers write a PNG instead of formats that they do not support.
  return blob?.type === type ? blob : null;
}

function formatOf(source: PreviewSource, form: FormState): string {
  const format = form.format === "original" ? (source.mediaType ?? "").replace("image/", "") : form.format;
  return format === "svg+xml" ? "png" : format;
}
