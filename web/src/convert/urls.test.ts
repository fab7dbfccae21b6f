import { expect, test } from "vitest";
import { clearUrls, setUrlOwn, shortUrl, urlOwn, urlsIn, urlText } from "./urls.ts";

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

test("each address can have options of its own, until all are sent", () => {
  urlText.set("https://a.test/1.jpg https://a.test/2.jpg");
  setUrlOwn("https://a.test/1.jpg", { format: "png" });
  setUrlOwn("https://a.test/2.jpg", { width: 5 });
  setUrlOwn("https://a.test/1.jpg", null);
  expect([...urlOwn.get()]).toEqual([["https://a.test/2.jpg", { width: 5 }]]);
  clearUrls();
  expect(urlOwn.get().size).toBe(0);
  expect(urlText.get()).toBe("");
});

test("a long address is shortened to a label that keeps its end", () => {
  expect(shortUrl("HTTPS://a.test/1.jpg")).toBe("a.test/1.jpg");
  const short = shortUrl(`https://a.test/${"x".repeat(100)}/1.jpg`);
  expect(short).toHaveLength(60);
  expect(short).toMatch(/^a\.test\/x+…x+\/1\.jpg$/);
});
