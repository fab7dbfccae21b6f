import { cornerOf, marginOf } from "../../../src/pipelines/image-convert/mark-position.ts";
import type { Size } from "../../../src/pipelines/image-convert/size.ts";
import type { FormState } from "./options.ts";

export type Mark = { text: string } | { image: CanvasImageSource; width: number; height: number };
type Placing = Pick<FormState, "position" | "opacity" | "watermarkSize">;

const outline = 0.05;

/** Largest size with the mark's aspect ratio within its part of the image. */
export function fitMark(mark: Size, picture: Size, part: number): Size {
  const room = 2 * marginOf(picture);
  const box = {
    width: Math.min(picture.width * part, picture.width - room),
    height: Math.min(picture.height * part, picture.height - room),
  };
  const scale = Math.min(box.width / mark.width, box.height / mark.height);
  return { width: mark.width * scale, height: mark.height * scale };
}

export function drawWatermark(
  context: CanvasRenderingContext2D,
  picture: Size,
  mark: Mark,
  placing: Placing,
): void {
  context.save();
  context.globalAlpha = placing.opacity;
  if ("image" in mark) {
    const size = fitMark(mark, picture, placing.watermarkSize);
    const { left, top } = cornerOf(size, picture, placing.position);
    context.drawImage(mark.image, left, top, size.width, size.height);
  } else {
    const drawn = textMark(mark.text, picture, placing.watermarkSize);
    const { left, top } = cornerOf(drawn, picture, placing.position);
    context.drawImage(drawn, left, top);
  }
  context.restore();
}

/** White letters with a soft dark edge on a separate canvas, so that the opacity applies to both together. */
function textMark(text: string, picture: Size, part: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const lines = text.length > 36 ? broken(text) : [text];
  const font = (size: number) => `${size}px "Gowun Dodum", system-ui, sans-serif`;
  context.font = font(100);
  const widest = Math.max(...lines.map((line) => context.measureText(line).width));
  const lineHeight = 1.25;
  const edge = 4 * outline;
  const natural = { width: widest + 100 * edge, height: 100 * (lineHeight * lines.length + edge) };
  const size = fitMark(natural, picture, part);
  const fontSize = (100 * size.width) / natural.width;
  canvas.width = Math.max(1, Math.round(size.width));
  canvas.height = Math.max(1, Math.round(size.height));
  context.font = font(fontSize);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = Math.max(1, 2 * fontSize * outline);
  context.shadowColor = "rgb(0 0 0 / 0.7)";
  context.shadowBlur = fontSize * outline;
  for (const pass of ["stroke", "fill"] as const) {
    lines.forEach((line, index) => {
      const y = canvas.height / 2 + (index - (lines.length - 1) / 2) * fontSize * lineHeight;
      if (pass === "stroke") {
        context.strokeStyle = "#000";
        context.strokeText(line, canvas.width / 2, y);
      } else {
        context.shadowColor = "transparent";
        context.fillStyle = "#fff";
        context.fillText(line, canvas.width / 2, y);
      }
    });
  }
  return canvas;
}

/** Breaks text into lines of about equal length. */
export function broken(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  const target = Math.max(18, Math.ceil(text.length / Math.ceil(text.length / 36)));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < target) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
