import fc from "fast-check";
import { expect, test } from "vitest";
import { contentDisposition } from "./content-disposition.ts";

test.each([
  ["a.jpg", 'attachment; filename="a.jpg"'],
  ["사진.jpg", "attachment; filename=\"__.jpg\"; filename*=UTF-8''%EC%82%AC%EC%A7%84.jpg"],
  ['a"b\\c.jpg', "attachment; filename=\"a_b_c.jpg\"; filename*=UTF-8''a%22b%5Cc.jpg"],
  ["it's (1).jpg", 'attachment; filename="it\'s (1).jpg"'],
  ["é's (1).jpg", "attachment; filename=\"_'s (1).jpg\"; filename*=UTF-8''%C3%A9%27s%20%281%29.jpg"],
])("%s", (name, header) => {
  expect(contentDisposition(name)).toBe(header);
});

test("no name escapes from the header", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const header = contentDisposition(name, "inline");
      expect(header).toMatch(
        /^inline; filename="[\u0020-\u0021\u0023-\u007e]*"(; filename\*=UTF-8''[\w.!~%+-]*)?$/,
      );
      const encoded = /''(.*)$/.exec(header.slice(header.lastIndexOf('"')))?.[1];
      if (encoded !== undefined) expect(decodeURIComponent(encoded)).toBe(name.toWellFormed());
    }),
  );
});
