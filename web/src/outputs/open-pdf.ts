import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy, VerbosityLevel } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";

GlobalWorkerOptions.workerSrc = workerUrl;

/** Opens a PDF in a worker. Its scripts do not run, because that part of pdf.js is not loaded. */
export function openPdf(data: Uint8Array<ArrayBuffer>): Promise<PDFDocumentProxy> {
  return getDocument({
    data,
    enableXfa: false,
    cMapUrl: `${import.meta.env.BASE_URL}pdf/`,
    // The page's content security policy forbids WebAssembly.
    useWasm: false,
    verbosity: VerbosityLevel.ERRORS,
  }).promise;
}
