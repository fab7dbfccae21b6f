import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { PermanentError } from "../../../pipeline/control.ts";
import type { Box, TextWord } from "../page-text.ts";
import type { OcrEngine, OcrImage, OcrLine } from "./engine.ts";
import { findTextLines } from "./text-lines.ts";
import { lineOf } from "./tsv.ts";

/** The parts of `onnxruntime-node` used here. Users who want ONNX models install it themselves. */
interface Runtime {
  InferenceSession: {
    create(path: string, options: { intraOpNumThreads: number; interOpNumThreads: number }): Promise<Session>;
  };
  Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => Tensor;
}

interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: { [name: string]: Tensor }): Promise<{ [name: string]: Tensor }>;
}

interface Model {
  session: Session;
  runtime: Runtime;
  /** By class number. 0 is the CTC blank. */
  characters: readonly string[];
}

/**
 * PP-OCR recognition models in a folder: `*rec*.onnx`, and a dictionary `*.txt` with one character per line. Models in
 * subfolders named after a language (`kor`) read that language. A model in the folder itself reads any language. Lines
 * are found by their ink, after the page is divided into columns.
 */
export async function onnxEngine(folder: string): Promise<OcrEngine> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw missing(`The folder of OCR models ${folder} cannot be read.`, cause);
  });
  const named = entries.filter((entry) => entry.isDirectory() && /^[a-z]{3}(_[a-z]+)?$/.test(entry.name));
  const models = new Map<string, Model>();
  const runtime = await loadRuntime();
  for (const { name } of named) models.set(name, await loadModel(runtime, join(folder, name)));
  const anyLanguage = models.size === 0 ? await loadModel(runtime, folder) : null;
  return {
    name: "onnx",
    languages: [...models.keys()],
    async read(images, { language, signal }) {
      const model = anyLanguage ?? models.get(language);
      if (!model) throw missing(`There is no model for ${language} in ${folder}.`);
      const pages: OcrLine[][] = [];
      for (const image of images) {
        const lines: OcrLine[] = [];
        for (const box of findTextLines(image)) {
          signal.throwIfAborted();
          const words = await readLine(model, image, box);
          if (words.length > 0) lines.push(lineOf(words));
        }
        pages.push(lines);
      }
      return pages;
    },
  };
}

async function loadRuntime(): Promise<Runtime> {
  // A variable keeps the compiler from resolving the optional package.
  const name = "onnxruntime-node";
  try {
    const module = (await import(name)) as Runtime & { default?: Runtime };
    return module.default ?? module;
  } catch (cause) {
    throw missing(
      "MILLRACE_OCR names ONNX models, which need the package onnxruntime-node. Run: npm install onnxruntime-node",
      cause,
    );
  }
}

async function loadModel(runtime: Runtime, folder: string): Promise<Model> {
  const files = await readdir(folder);
  const model = files.find((file) => /rec.*\.onnx$/i.test(file));
  const dictionary = files.find((file) => /(keys|dict).*\.txt$/i.test(file));
  if (!model || !dictionary) {
    throw missing(
      `${folder} needs a recognition model (*rec*.onnx) and its dictionary (*keys*.txt or *dict*.txt).`,
    );
  }
  const lines = (await readFile(join(folder, dictionary), "utf8")).replace(/\n$/, "").split(/\r?\n/);
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await runtime.InferenceSession.create(join(folder, model), threads);
  return { session, runtime, characters: ["", ...lines, " "] };
}

/** Input height of the models in pixels. */
const HEIGHT = 48;
const MOST_WIDTH = 4_000;

async function readLine(
  { session, runtime, characters }: Model,
  image: OcrImage,
  box: Box,
): Promise<TextWord[]> {
  const width = Math.max(HEIGHT, Math.min(MOST_WIDTH, Math.round((box.width * HEIGHT) / box.height)));
  const pixels = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 1 } })
    .extract({ left: box.x, top: box.y, width: box.width, height: box.height })
    .resize(width, HEIGHT, { fit: "fill" })
    .extractChannel(0)
    .raw()
    .toBuffer();
  const plane = HEIGHT * width;
  const input = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++) {
    const value = pixels[at]! / 127.5 - 1;
    input[at] = value;
    input[at + plane] = value;
    input[at + 2 * plane] = value;
  }
  const tensor = new runtime.Tensor("float32", input, [1, 3, HEIGHT, width]);
  const outputs = await session.run({ [session.inputNames[0]!]: tensor });
  return decoded(outputs[session.outputNames[0]!]!, characters, box);
}

/** Greedy CTC decoding: takes the likeliest class at each step, and drops repeats and blanks (Graves et al. 2006). */
function decoded({ data, dims }: Tensor, characters: readonly string[], box: Box): TextWord[] {
  const [steps, classes] = [dims[1]!, dims[2]!];
  const words: { text: string; from: number; to: number; sum: number; count: number }[] = [];
  let before = 0;
  let isOpen = false;
  for (let step = 0; step < steps; step++) {
    let best = 0;
    for (let one = 1; one < classes; one++) {
      if (data[step * classes + one]! > data[step * classes + best]!) best = one;
    }
    const character = characters[best] ?? "";
    const isNew = best !== before;
    before = best;
    if (character === "") continue;
    if (character === " ") {
      isOpen = false;
      continue;
    }
    let word = words.at(-1);
    if (!isOpen || !word) {
      word = { text: "", from: step, to: step, sum: 0, count: 0 };
      words.push(word);
      isOpen = true;
    }
    word.to = step + 1;
    if (!isNew) continue;
    word.text += character;
    word.sum += data[step * classes + best]!;
    word.count++;
  }
  return words.map(({ text, from, to, sum, count }) => ({
    text,
    confidence: Math.min(1, sum / count),
    box: { ...box, x: box.x + (from / steps) * box.width, width: ((to - from) / steps) * box.width },
  }));
}

function missing(message: string, cause?: unknown): PermanentError {
  return new PermanentError("ocr_unavailable", message, { cause });
}
