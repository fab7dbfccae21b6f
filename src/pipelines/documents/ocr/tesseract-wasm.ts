import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OcrCall, OcrEngine, OcrImage } from "./engine.ts";
import { pgm } from "./tesseract.ts";
import { linesOfTesseract } from "./tsv.ts";

/** Languages whose data is bundled. */
export const packagedLanguages = ["kor", "eng"] as const;

/** Integer version of tesseract's best models. The package's other variants read Korean far worse. */
const VARIANT = "4.0.0_best_int";
const NEURAL = 1;
const START_MS = 60_000;
const PAGE_MODE = "6";

type Worker = Awaited<ReturnType<typeof import("tesseract.js")["createWorker"]>>;

/** Tesseract as WebAssembly with data from npm packages. Works offline on every platform. */
export function wasmTesseract(): OcrEngine {
  const workers = new Map<string, Promise<Worker>>();
  const workerOf = (language: string) => {
    let worker = workers.get(language);
    if (!worker) {
      worker = startWorker(language);
      workers.set(language, worker);
      worker.catch(() => workers.delete(language));
    }
    return worker;
  };
  return {
    name: "tesseract.js 7",
    languages: packagedLanguages,
    async read(images, { language, signal }) {
      const worker = await workerOf(language);
      const stop = () => {
        workers.delete(language);
        void worker.terminate();
      };
      signal.addEventListener("abort", stop, { once: true });
      try {
        return await readAll(worker, images, signal);
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
  };
}

async function readAll(worker: Worker, images: readonly OcrImage[], signal: OcrCall["signal"]) {
  const pages = [];
  await worker.setParameters({ user_defined_dpi: String(Math.round(images[0]!.dpi)) });
  for (const image of images) {
    signal.throwIfAborted();
    const { data } = await worker.recognize(pgm(image), {}, { text: true, tsv: true });
    pages.push(...linesOfTesseract(data.tsv ?? "", data.text, 1));
  }
  return pages;
}

async function startWorker(language: string): Promise<Worker> {
  const { createWorker } = await import("tesseract.js");
  const failed = Promise.withResolvers<never>();
  const late = setTimeout(() => failed.reject(new Error("tesseract.js did not start in time.")), START_MS);
  const starting = createWorker(language, NEURAL, {
    langPath: await dataFolder(language),
    gzip: true,
    // Keep it from writing unpacked data into the current folder.
    cacheMethod: "none",
    // Without a handler, its errors end the process.
    errorHandler: (error: unknown) => failed.reject(new Error(`tesseract.js: ${String(error)}`)),
  });
  failed.promise.catch(() => {});
  try {
    const worker = await Promise.race([starting, failed.promise]);
    await worker.setParameters({
      tessedit_pageseg_mode: PAGE_MODE as never,
      preserve_interword_spaces: "1",
    });
    return worker;
  } catch (error) {
    void starting.then(
      (worker) => worker.terminate(),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Folder of a language's data. Throws if its package is not installed. */
async function dataFolder(language: string): Promise<string> {
  const name = `@tesseract.js-data/${language}`;
  const folder = join(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), VARIANT);
  await access(join(folder, `${language}.traineddata.gz`));
  return folder;
}
