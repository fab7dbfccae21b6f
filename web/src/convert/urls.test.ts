import { expect, test } from "vitest";
import { urlsIn } from "./urls.ts";

test("addresses are separated by spaces or lines, and each counts once", () => {
  const text = " https://a.test/1.jpg\nhttp://b.test/2.png  https://a.test/1.jpg\n\n";
  expect(urlsIn(text)).toEqual({ urls: ["https://a.test/1.jpg", "http://b.test/2.png"], wrong: [] });
});

test("what is no address is told apart", () => {
  expect(urlsIn("photo.jpg https://a.test/1.jpg ftp://c.test/3 http://")).toEqual({
    urls: ["https://a.test/1.jpg"],
    wrong: ["photo.jpg", "ftp://c.test/3", "http://"],
  });
});
