import type { Json } from "../api/contract.ts";

/** Result of `document.ocr` for an item. */
export interface ReadDocument {
  pages: { page: number; text: string; confidence: number; source: "embedded" | "ocr" }[];
  failed: { page: number; code: string; message: string }[];
}

/** Reads an item's result as a document. `null` for other results. */
export function readDocument(result: Json): ReadDocument | null {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return null;
  const { pages, failed } = result;
  if (!Array.isArray(pages) || !Array.isArray(failed)) return null;
  const isRead = pages.every(
    (page) =>
      typeof page === "object" &&
      page !== null &&
      !Array.isArray(page) &&
      typeof page.page === "number" &&
      typeof page.text === "string" &&
      typeof page.confidence === "number",
  );
  return isRead ? (result as unknown as ReadDocument) : null;
}

/** Pages below this confidence need a review. */
const DOUBTFUL = 0.75;

export function isDoubtful({ source, confidence, text }: ReadDocument["pages"][number]): boolean {
  return source === "ocr" && text !== "" && confidence < DOUBTFUL;
}
