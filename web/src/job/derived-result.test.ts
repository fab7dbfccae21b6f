import { expect, test } from "vitest";
import { readDerived } from "./derived-result.ts";

test("what image.derive returns is told from other results", () => {
  const result = {
    ...{ srcset: { sizes: "100vw", width: 1, height: 1, sources: [] }, html: "<picture></picture>" },
    ...{ placeholder: { thumbhash: "AA==", blurhash: "" }, colors: [], duplicates: [] },
  };
  expect(readDerived(result)).toBe(result);
  for (const other of [
    null,
    "text",
    [],
    {},
    { ...result, srcset: "a 1w" },
    { ...result, placeholder: null },
  ]) {
    expect(readDerived(other)).toBeNull();
  }
});
