import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy, VerbosityLevel } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";

GlobalWorkerOptions.workerSrc = workerUrl;

/** Reads a PDF in a worker. Its scripts are not run: that is a part of pdf.js that is not loaded. */
export function openPdf(data: Uint8Array<ArrayBuffer>): Promise<PDFDocumentProxy> {
  return getDocument({
    data,
    enableXfa: false,
    cMapUrl: `${import.meta.env.BASE_URL}pdf/`,
    // The page's content security policy allows no WebAssembly.
    useWasm: false,
    verbosity: VerbosityLevel.ERRORS,
  }).promise;
}
