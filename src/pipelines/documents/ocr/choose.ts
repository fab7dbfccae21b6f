import { PermanentError } from "../../../pipeline/control.ts";
import type { OcrEngine } from "./engine.ts";
import { nativeTesseract } from "./tesseract.ts";
import { wasmTesseract } from "./tesseract-wasm.ts";

/** OCR engine: the installed tesseract, the bundled one, ONNX models in a folder, or whichever works. */
export type EngineChoice = "auto" | "tesseract" | "wasm" | `onnx:${string}`;

const chosen = new Map<string, Promise<OcrEngine>>();

/**
 * Finds an engine that supports all of these languages. Prefers the installed tesseract, which is the fastest. Throws a
 * permanent error that names the missing language and how to install it.
 */
export function chooseEngine(choice: EngineChoice, languages: readonly string[]): Promise<OcrEngine> {
  const key = `${choice} ${languages.join()}`;
  let engine = chosen.get(key);
  if (!engine) {
    engine = choose(choice, languages);
    chosen.set(key, engine);
    engine.catch(() => chosen.delete(key));
  }
  return engine;
}

let native: Promise<OcrEngine | null> | undefined;
let wasm: OcrEngine | undefined;

async function choose(choice: EngineChoice, languages: readonly string[]): Promise<OcrEngine> {
  if (choice.startsWith("onnx:")) {
    const { onnxEngine } = await import("./onnx.ts");
    return onnxEngine(choice.slice("onnx:".length));
  }
  const reads = (engine: OcrEngine) => languages.every((language) => engine.languages.includes(language));
  native ??= nativeTesseract();
  const installed = choice === "wasm" ? null : await native;
  if (installed && reads(installed)) return installed;
  wasm ??= wasmTesseract();
  if (choice !== "tesseract" && reads(wasm)) return wasm;
  throw missing(languages, [...new Set([...(installed?.languages ?? []), ...wasm.languages])]);
}

function missing(languages: readonly string[], known: readonly string[]): PermanentError {
  const absent = languages.filter((language) => !known.includes(language));
  const what = absent.length > 0 ? absent.join(", ") : `${languages.join(" and ")} together`;
  return new PermanentError(
    "language_missing",
    `This machine cannot read ${what}. Install tesseract with its data (Debian: tesseract-ocr-${(absent[0] ?? languages[0])!.replace("_", "-")}), or choose from: ${known.join(", ")}.`,
  );
}
