import { outputSize } from "../../../src/pipelines/image-convert/size.ts";
import { type Decoded, decodePicture } from "../pictures/thumbnails.ts";
import { type FormState, isSide } from "./options.ts";
import { drawWatermark, type Mark } from "./watermark-drawing.ts";

/** The image in the preview at screen resolution, with its real size. */
export interface PreviewSource {
  image: HTMLCanvasElement;
  /** Pieces at full resolution, to estimate the size of a large result, because grain costs the most bytes. */
  pieces: HTMLCanvasElement;
  width: number;
  height: number;
  bytes: number;
  mediaType: string | null;
}

const maxSourceSide = 2_048;
const shownSide = 2_048;
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

/** Size of the result, computed by the worker's own function. An invalid side counts as empty. */
export function resultSize(source: { width: number; height: number }, form: FormState) {
  return outputSize(source, {
    width: isSide(form.width) ? form.width : undefined,
    height: isSide(form.height) ? form.height : undefined,
    fit: form.fit,
    enlarge: form.enlarge,
  });
}

/** Draws the result into `canvas` at preview resolution. */
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

/** Draws a whole image and resizes the canvas to it. */
export function drawInto(canvas: HTMLCanvasElement, image: HTMLCanvasElement | ImageBitmap): void {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
}

/** Draws the result with a maximum number of pixels. Returns the scale. */
export function drawAtMost(
  canvas: HTMLCanvasElement,
  source: PreviewSource,
  form: FormState,
  mark: Mark | null,
  pixels: number,
): number {
  const size = resultSize(source, form);
  const scale = Math.min(1, source.image.width / size.width, Math.sqrt(pixels / (size.width * size.height)));
  paint(canvas, source, form, mark, size, scale);
  return scale;
}

export function drawPieces(canvas: HTMLCanvasElement, { pieces }: PreviewSource, scale: number): void {
  canvas.width = Math.max(1, Math.round(pieces.width * Math.min(1, scale)));
  canvas.height = Math.max(1, Math.round(pieces.height * Math.min(1, scale)));
  drawSmoothly(canvas, pieces);
}

/** Squares from all over the image, side by side. */
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
