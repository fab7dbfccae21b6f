import { expect, test } from "vitest";
import { type ConvertOptions, type FormState, fromOptions, initialForm } from "./options.ts";
import { hasOthers, ownBetween, ownSummary, patchFor, validOwn, withOwn } from "./own-options.ts";

const form: FormState = { ...initialForm, width: 1280, quality: 70 };

test("an image without options of its own changes nothing", () => {
  expect(withOwn(form, null)).toBe(form);
  expect(patchFor(form, null)).toBeNull();
  expect(patchFor(form, { width: 1280, format: "webp" })).toBeNull();
});

test("only what differs is sent, and what is not wanted is taken away", () => {
  expect(patchFor(form, { format: "png", width: null, height: 300 })).toEqual({
    format: "png",
    width: null,
    height: 300,
    quality: null,
  });
  expect(patchFor(form, { quality: 95 })).toEqual({ quality: 95 });
});

test("what the server would refuse does not stay", () => {
  expect(validOwn(form, { width: -1, quality: 9 })).toEqual({ quality: 9 });
  expect(validOwn(form, { height: 1.5 })).toBeNull();
  expect(validOwn(form, { width: null, height: 200 })).toEqual({ width: null, height: 200 });
});

test("what an item of an earlier job had of its own is the same change again", () => {
  const common: ConvertOptions = { format: "webp", width: 1280, quality: 70, watermark: { text: "A" } };
  const item: ConvertOptions = { format: "jpeg", height: 300, quality: 95, fit: "cover" };
  const own = ownBetween(common, item);
  expect(own).toEqual({
    format: "jpeg",
    width: null,
    height: 300,
    quality: 95,
    fit: "cover",
    watermark: "none",
  });
  expect(patchFor(fromOptions(common), own)).toEqual({
    format: "jpeg",
    width: null,
    height: 300,
    quality: 95,
    fit: "cover",
    watermark: null,
  });
  expect(ownBetween(common, { ...common })).toBeNull();
});

test("an item's format without a quality takes over none", () => {
  expect(ownBetween({ format: "webp", quality: 70 }, { format: "png", quality: 80 })).toEqual({
    format: "png",
  });
});

test("an image's own text takes the place of the image that marks all others", () => {
  const own = ownBetween({}, { watermark: { text: "Mine", position: "center" } });
  expect(own).toEqual({ watermark: "text", watermarkText: "Mine", position: "center" });
  const marked: FormState = { ...form, watermark: "image", watermarkImage: new File(["x"], "logo.png") };
  expect(patchFor(marked, own)).toEqual({
    watermark: { text: "Mine", image: null, position: "center", opacity: 0.3, size: 0.3 },
  });
  expect(patchFor(marked, { watermark: "none" })).toEqual({ watermark: null });
});

test("options that the page cannot change for one image are told apart", () => {
  expect(hasOthers(null)).toBe(false);
  expect(hasOthers({ format: "png", width: 1, height: null, quality: 5 })).toBe(false);
  expect(hasOthers({ format: "png", fit: "cover" })).toBe(true);
});

test("in a few words", () => {
  expect(ownSummary(form, null)).toBeNull();
  expect(ownSummary(form, { format: "png", width: 200 })).toBe("PNG · 200 px");
});
