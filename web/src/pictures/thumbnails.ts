/**
 * Thumbnails of large images. Decodes only a few at once, and only while they are visible: decoding fifty images of
 * 20 MB together would fill gigabytes of memory.
 */

export interface Thumbnail {
  url: string;
  width: number;
  height: number;
}

const side = 320;
const parallel = 2;
const made = new WeakMap<Blob, Promise<Thumbnail | null>>();
const waiting: (() => void)[] = [];
let running = 0;

/** `null` if the browser cannot show this format (TIFF). The URL is valid as long as the page. */
export function thumbnailOf(file: Blob, mediaType: string | null): Promise<Thumbnail | null> {
  const known = made.get(file);
  if (known) return known;
  const thumbnail = inTurn(() => make(file, mediaType)).catch(() => null);
  made.set(file, thumbnail);
  return thumbnail;
}

export function releaseThumbnail(file: Blob): void {
  void made.get(file)?.then((thumbnail) => thumbnail && URL.revokeObjectURL(thumbnail.url));
  made.delete(file);
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

async function make(file: Blob, mediaType: string | null): Promise<Thumbnail | null> {
  if (mediaType === "image/tiff") return null;
  const source = await decodePicture(file, mediaType);
  const { width, height } = source;
  const scale = Math.min(1, side / Math.min(width, height), 960 / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.imageSmoothingQuality = "high";
  context.drawImage(source.image, 0, 0, canvas.width, canvas.height);
  source.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/webp", 0.8));
  canvas.width = 0;
  return blob && { url: URL.createObjectURL(blob), width, height };
}

export interface Decoded {
  image: CanvasImageSource;
  width: number;
  height: number;
  close(): void;
}

/** Decodes off the main thread and applies the orientation. SVGs need an element: bitmaps do not support them. */
export async function decodePicture(file: Blob, mediaType: string | null): Promise<Decoded> {
  if (mediaType === "image/svg+xml") {
    const url = URL.createObjectURL(new Blob([file], { type: mediaType }));
    const image = new Image();
    image.src = url;
    await image.decode();
    const close = () => URL.revokeObjectURL(url);
    return { image, width: image.naturalWidth || 300, height: image.naturalHeight || 150, close };
  }
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  return { image: bitmap, width: bitmap.width, height: bitmap.height, close: () => bitmap.close() };
}
