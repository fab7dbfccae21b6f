import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { WrappedPdfiumModule } from "@embedpdf/pdfium";

/** PDFium as WebAssembly, with access to its memory. */
export interface Pdfium {
  readonly lib: WrappedPdfiumModule;
  /** A view of its memory. Valid until the next call. */
  bytes(): Uint8Array<ArrayBuffer>;
  view(): DataView<ArrayBuffer>;
  allocate(bytes: number): number;
  free(pointer: number): void;
}

let loading: Promise<Pdfium> | undefined;

/** Loads one PDFium per process. It blocks the calling thread, so only isolated steps may use it. */
export function loadPdfium(): Promise<Pdfium> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Discards PDFium after an internal failure, because its memory is no longer trustworthy. The next call reloads it. */
export function forgetPdfium(): void {
  loading = undefined;
}

async function load(): Promise<Pdfium> {
  const { init } = await import("@embedpdf/pdfium");
  const wasm = fileURLToPath(import.meta.resolve("@embedpdf/pdfium/pdfium.wasm"));
  const lib = await init({ wasmBinary: new Uint8Array(await readFile(wasm)).buffer });
  lib.PDFiumExt_Init();
  // The package's types lack Emscripten's additions.
  const pdfium = lib.pdfium as typeof lib.pdfium & { readonly HEAPU8: Uint8Array<ArrayBuffer> };
  const memory = () => pdfium.HEAPU8.buffer;
  return {
    lib,
    bytes: () => new Uint8Array(memory()),
    view: () => new DataView(memory()),
    allocate: (bytes) => pdfium.wasmExports.malloc(bytes),
    free: (pointer) => pdfium.wasmExports.free(pointer),
  };
}
