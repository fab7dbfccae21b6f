import { expect, test } from "vitest";
import { categories } from "../place.ts";
import { reasons } from "../reports/reasons.ts";

test.each(["en", "ko"])("%s has words for every code", async (language) => {
  // The page's JavaScript files are checked by another TypeScript project.
  const module = await import(new URL(`./texts-${language}.js`, import.meta.url).href);
  const texts = module[language];
  expect(Object.keys(texts.reasons).sort()).toEqual(Object.keys(reasons).sort());
  expect(Object.keys(texts.verdicts).sort()).toEqual(["accepted", "duplicate", "held", "pending", "refused"]);
  expect(Object.keys(texts.categories).sort()).toEqual(["all", ...categories].sort());
});
