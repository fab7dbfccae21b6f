import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeMarks } from "./circled.ts";
import { inkThreshold } from "./ink.ts";
import type { OcrEngine, OcrImage, OcrLine } from "./ocr/engine.ts";
import { readInOneLanguage } from "./ocr/languages.ts";
import {
  around,
  type Box,
  bottom,
  type PageText,
  right,
  rounded,
  roundedBox,
  type TextLine,
} from "./page-text.ts";
import type { Raster } from "./raster.ts";
import { meanConfidence } from "./reading-order.ts";
import { findRegions } from "./regions.ts";
import { eraseRings, findRings } from "./rings.ts";
import { deskew, type Upright } from "./skew.ts";

/** White margin around a region, because engines misread letters at the edge. */
const PADDING = 20;
/** Lighter than the ink threshold, so that thin rings stay closed. */
const RING_LIGHTER = 35;
const LIGHTEST_RING = 215;

export interface Reading {
  engine: OcrEngine;
  languages: readonly string[];
  /** Identifies the document, whose last language is tried first. */
  document: string;
  signal: AbortSignal;
}

export type OcrText = Pick<PageText, "lines" | "confidence" | "language">;

/** Reads a page: straightens it, divides it into columns, and reads each separately. Modifies the raster. */
export async function readRaster(raster: Raster, reading: Reading): Promise<OcrText> {
  const upright = await deskew(raster);
  const page = upright.raster;
  const regions = findRegions(page);
  if (regions.length === 0) return { lines: [], confidence: 0, language: null };
  const rings = findRings(page, Math.min(LIGHTEST_RING, inkThreshold(page) + RING_LIGHTER));
  eraseRings(page, rings);
  const folder = await mkdtemp(join(tmpdir(), "millrace-ocr-"));
  try {
    const images = regions.map((region) => cropped(page, region));
    const { lines, language } = await readInOneLanguage(images, { ...reading, folder });
    const placed = lines.map((found, index) => found.map((line) => onPage(line, regions[index]!)));
    const marked = placeMarks(placed, rings, page.dpi);
    const text = marked.flatMap((found, block) => textLines(found, block, upright));
    const confidence = meanConfidence(text.flatMap(({ words }) => words));
    return { lines: text, confidence: rounded(confidence), language };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function cropped({ data, width, dpi }: Raster, region: Box): OcrImage {
  const size = { width: region.width + 2 * PADDING, height: region.height + 2 * PADDING };
  const target = Buffer.alloc(size.width * size.height, 255);
  for (let y = 0; y < region.height; y++) {
    const from = (region.y + y) * width + region.x;
    data.copy(target, (y + PADDING) * size.width + PADDING, from, from + region.width);
  }
  return { data: target, ...size, dpi };
}

/** Converts pixels of a region's image to pixels of the page. */
function onPage(line: OcrLine, region: Box): OcrLine {
  const moved = (box: Box): Box => ({ ...box, x: box.x + region.x - PADDING, y: box.y + region.y - PADDING });
  return {
    text: line.text,
    box: moved(line.box),
    words: line.words.map((word) => ({ ...word, box: moved(word.box) })),
  };
}

/** Line height in font sizes. Most lines have letters with ascenders and descenders. */
const SIZE_OF_LINE = 0.85;
/** Baseline position as a fraction of the line's height, from its bottom. */
const DESCENT = 0.2;

function textLines(lines: readonly OcrLine[], block: number, upright: Upright): TextLine[] {
  const scale = 72 / upright.raster.dpi;
  const place = (box: Box): Box => {
    const corners = [
      upright.toPage(box.x, box.y),
      upright.toPage(right(box), box.y),
      upright.toPage(box.x, bottom(box)),
      upright.toPage(right(box), bottom(box)),
    ];
    const exact = around(corners.map(([x, y]) => ({ x: x * scale, y: y * scale, width: 0, height: 0 })));
    if (upright.degrees === 0) return roundedBox(exact);
    // The bounding box of a rotated box would be too high.
    const height = box.height * scale;
    return roundedBox({ ...exact, y: exact.y + (exact.height - height) / 2, height });
  };
  const lefts = lines.map(({ box }) => box.x * scale).sort((a, b) => a - b);
  const blockLeft = rounded(lefts[Math.floor(lefts.length * 0.05)] ?? 0);
  return lines.map((line) => {
    const box = place(line.box);
    return {
      text: line.text,
      box,
      baseline: rounded(bottom(box) - DESCENT * box.height),
      size: rounded(box.height * SIZE_OF_LINE),
      confidence: rounded(meanConfidence(line.words)),
      words: line.words.map((word) => ({
        text: word.text,
        box: place(word.box),
        confidence: rounded(word.confidence),
      })),
      block,
      blockLeft,
    };
  });
}
