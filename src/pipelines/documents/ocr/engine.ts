import type { Box, TextWord } from "../page-text.ts";

/** Image of one column or region, with one byte per pixel. 0 is black. */
export interface OcrImage {
  data: Buffer;
  width: number;
  height: number;
  dpi: number;
}

/** Boxes are in pixels of the image. */
export interface OcrLine {
  text: string;
  box: Box;
  words: TextWord[];
}

export interface OcrCall {
  /** The engine's code for the language, such as `kor` or `eng`. */
  language: string;
  /** An empty folder that the caller provides. */
  folder: string;
  /** Aborts reading. */
  signal: AbortSignal;
}

/** Reads images of text. One call reads all regions of one page, in one language. */
export interface OcrEngine {
  /** Includes the version, for the results: `tesseract 5.3.0`. */
  readonly name: string;
  /** Supported languages. */
  readonly languages: readonly string[];
  /** Returns the lines of each image, from top to bottom. */
  read(images: readonly OcrImage[], call: OcrCall): Promise<OcrLine[][]>;
}
