import { expect, test } from "vitest";
import type { Json } from "../api/contract.ts";
import { isDoubtful, readDocument } from "./document-result.ts";

const page = { page: 1, text: "read", confidence: 0.9, source: "ocr" as const };

test("a document is told from other results", () => {
  const document = { pages: [page], failed: [] };
  expect(readDocument(document)).toBe(document);
  expect(readDocument({ pages: [], failed: [] })).not.toBe(null);
  const others: Json[] = [null, "text", [page], { pages: [page] }, { pages: [{ page: 1 }], failed: [] }];
  for (const other of [...others, { pages: 3, failed: [] }]) expect(readDocument(other)).toBe(null);
});

test("only what was read by OCR can be doubtful", () => {
  expect(isDoubtful(page)).toBe(false);
  expect(isDoubtful({ ...page, confidence: 0.5 })).toBe(true);
  expect(isDoubtful({ ...page, confidence: 0.5, source: "embedded" })).toBe(false);
  expect(isDoubtful({ ...page, confidence: 0, text: "" })).toBe(false);
});
