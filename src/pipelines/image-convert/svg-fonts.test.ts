import { describe, expect, test } from "vitest";
import { convert } from "./test-pictures.ts";

const drawing = (contents: string) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20">${contents}</svg>`);
const warnings = async (contents: string) => (await convert(drawing(contents), { format: "png" })).warnings;

describe("text in a font that is not there is reported", () => {
  test.each([
    '<text y="15" font-family="Nowhere Sans">a</text>',
    `<text y="15" style="font-family:'Nowhere Sans', serif">a</text>`,
    '<style>text { font-family: "Nowhere Sans"; }</style><text y="15">a</text>',
  ])("%s", async (contents) => {
    expect(await warnings(contents)).toContainEqual({
      code: "font_missing",
      message: "Text in Nowhere Sans was drawn in another font because this server does not have it.",
    });
  });

  test.each([
    '<text y="15" font-family="Gowun Dodum">한글 and Latin</text>',
    '<text y="15" font-family="Nowhere Sans, Gowun Dodum">a</text>',
    '<text y="15" font-family="sans-serif">a</text>',
    '<text y="15">a</text>',
    '<g font-family="Nowhere Sans"><rect width="9" height="9"/></g>',
  ])("but not %s", async (contents) => {
    expect((await warnings(contents)).map(({ code }) => code)).not.toContain("font_missing");
  });
});

test("characters that no font has are named", async () => {
  expect(
    await warnings('<text y="15" font-family="Gowun Dodum">a&#x378;\u{3fffd}</text>'),
  ).not.toContainEqual(expect.objectContaining({ code: "font_missing" }));
  // No server has a font with Linear A.
  const found = await warnings('<text y="15">a \u{10600} &#x10601;</text>');
  expect(found).toContainEqual({
    code: "glyphs_missing",
    message:
      "No font on this server has \u{10600} (U+10600), \u{10601} (U+10601), so boxes were drawn instead.",
  });
});
