import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sectionOf } from "../scripts/matrix/page.ts";
import { conversionTable, convertAll } from "../scripts/matrix/pictures.ts";

test("all formats become all formats, what is lost has its warning, and the page says it", async () => {
  const conversions = await convertAll();
  expect(conversions.length).toBeGreaterThan(150);
  expect(conversions.filter(({ faults }) => faults.length > 0)).toEqual([]);
  const page = readFileSync(join(import.meta.dirname, "..", "docs", "pictures.md"), "utf8");
  // If this fails, run `npm run matrix:pictures`.
  expect(conversionTable(conversions)).toBe(sectionOf(page, "conversions"));
}, 120_000);
