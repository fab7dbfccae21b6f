import { outputSize } from "../../../src/pipelines/image-convert/size.ts";
import { type Decoded, decodePicture } from "../pictures/thumbnails.ts";
import { type FormState, isSide, usesQuality } from "./options.ts";
import { drawWatermark, type Mark } from "./watermark-drawing.ts";

/** The picture in the preview, kept no larger than a screen needs it, with its true size. */
export interface PreviewSource {
  image: HTMLCanvasElement;
  /** Pieces of it in full resolution, from which the bytes of a large result are reckoned: grain costs most. */
  pieces: HTMLCanvasElement;
  width: number;
  height: number;
  bytes: number;
  mediaType: string | null;
}

const maxSourceSide = 2_048;
const shownSide = 1_100;
/** Encoding more than this in the browser would take longer than the guess is worth. */
const maxEncodedPixels = 1_600_000;
const piecesAcross = 3;
const pieceSide = 340;

export async function loadPreviewSource(file: File, mediaType: string | null): Promise<PreviewSource | null> {
  if (mediaType === "image/tiff") return null;
  let decoded: Decoded;
  try {
    decoded = await decodePicture(file, mediaType);
  } catch {
    return null;
  }
  const { width, height } = decoded;
  const scale = Math.min(1, maxSourceSide / Math.max(width, height));
  const image = canvasOf(width * scale, height * scale);
  drawSmoothly(image, decoded.image);
  const pieces = cutPieces(decoded);
  decoded.close();
  return { image, pieces, width, height, bytes: file.size, mediaType };
}

/** The size of the result, reckoned by the same function that the worker uses. A side that is not valid counts as empty. */
export function resultSize(source: { width: number; height: number }, form: FormState) {
  return outputSize(source, {
    width: isSide(form.width) ? form.width : undefined,
    height: isSide(form.height) ? form.height : undefined,
    fit: form.fit,
    enlarge: form.enlarge,
  });
}

/** Draws the result into `canvas`, as large as the preview needs it. */
export function drawResult(
  canvas: HTMLCanvasElement,
  source: PreviewSource,
  form: FormState,
  mark: Mark | null,
): void {
  const size = resultSize(source, form);
  const scale = Math.min(1, shownSide / Math.max(size.width, size.height));
  paint(canvas, source, form, mark, size, scale);
}

/**
 * How many bytes the result will have, about: the browser encodes it, or some pieces of it when it is large.
 * `null` for formats that the browser cannot write.
 */
export async function guessBytes(
  source: PreviewSource,
  form: FormState,
  mark: Mark | null,
): Promise<number | null> {
  const type = encodedType(source, form);
  if (!type) return null;
  const size = resultSize(source, form);
  const pixels = size.width * size.height;
  const canvas = document.createElement("canvas");
  if (pixels <= maxEncodedPixels && size.width <= source.image.width)
    paint(canvas, source, form, mark, size, 1);
  else paintPieces(canvas, source, size.width / source.width);
  const encoded = canvas.width * canvas.height;
  const quality = usesQuality(form.format) ? form.quality / 100 : undefined;
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
  canvas.width = 0;
  return blob?.type === type ? blob.size * (pixels / encoded) : null;
}

function paintPieces(canvas: HTMLCanvasElement, { pieces }: PreviewSource, scale: number): void {
  canvas.width = Math.max(1, Math.round(pieces.width * Math.min(1, scale)));
  canvas.height = Math.max(1, Math.round(pieces.height * Math.min(1, scale)));
  drawSmoothly(canvas, pieces);
}

/** Squares from all over the picture, side by side. */
function cutPieces({ image, width, height }: Decoded): HTMLCanvasElement {
  const side = Math.min(pieceSide, Math.floor(width / piecesAcross), Math.floor(height / piecesAcross)) || 1;
  const canvas = canvasOf(side * piecesAcross, side * piecesAcross);
  const context = canvas.getContext("2d");
  for (let row = 0; row < piecesAcross; row++) {
    for (let column = 0; column < piecesAcross; column++) {
      const x = ((column + 0.5) / piecesAcross) * width - side / 2;
      const y = ((row + 0.5) / piecesAcross) * height - side / 2;
      context?.drawImage(image, x, y, side, side, column * side, row * side, side, side);
    }
  }
  return canvas;
}

function encodedType(source: PreviewSource, form: FormState): string | null {
  const type = form.format === "original" ? source.mediaType : `image/${form.format}`;
  if (form.lossless && type === "image/webp") return null;
  if (type === "image/svg+xml") return "image/png";
  return type === "image/webp" || type === "image/jpeg" || type === "image/png" ? type : null;
}

function paint(
  canvas: HTMLCanvasElement,
  source: PreviewSource,
  form: FormState,
  mark: Mark | null,
  size: { width: number; height: number },
  scale: number,
): void {
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const context = canvas.getContext("2d");
  if (!context) return;
  const opaque = form.format === "jpeg" || form.fit === "contain";
  if (opaque) {
    context.fillStyle = form.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.imageSmoothingQuality = "high";
  const { image } = source;
  const wide = canvas.width / image.width;
  const high = canvas.height / image.height;
  const both = form.fit === "cover" ? Math.max(wide, high) : Math.min(wide, high);
  const stretched = form.fit !== "cover" && form.fit !== "contain";
  const width = image.width * (stretched ? wide : both);
  const height = image.height * (stretched ? high : both);
  context.drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  if (mark) drawWatermark(context, canvas, mark, form);
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

function drawSmoothly(canvas: HTMLCanvasElement, image: CanvasImageSource): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
}
