import { type EmbeddedText, embeddedText } from "./embedded-text.ts";
import { openPdf } from "./pdf-document.ts";

/**
 * Yields the embedded text of each PDF page: lines with words and boxes, in reading order. PDFium blocks the calling
 * thread, possibly for long on a hostile page, so call this only in isolated steps. Throws permanent errors for
 * encrypted and broken files.
 */
export async function* extractPages(data: Uint8Array): AsyncGenerator<EmbeddedText> {
  const document = await openPdf(data);
  try {
    for (let page = 1; page <= document.pages; page++) yield document.withPage(page, embeddedText);
  } finally {
    document.close();
  }
}
