import { expect, test } from "vitest";
import { restore } from "./form-store.ts";
import { initialForm } from "./options.ts";

test("the options of the last visit come back", () => {
  const saved = JSON.stringify({
    ...initialForm,
    format: "avif",
    width: 1280,
    watermark: "text",
    watermarkText: "©",
  });
  expect(restore(saved)).toMatchObject({
    format: "avif",
    width: 1280,
    watermark: "text",
    watermarkText: "©",
  });
});

test("a picture as watermark is gone after a visit", () => {
  const saved = JSON.stringify({ ...initialForm, watermark: "image" });
  expect(restore(saved).watermark).toBe("none");
});

test("what makes no sense any more is dropped", () => {
  for (const saved of [
    null,
    "",
    "{",
    "null",
    "[1]",
    '{"width": "wide"}',
    '{"width": -4}',
    '{"background": "red"}',
  ]) {
    expect(restore(saved)).toEqual(initialForm);
  }
  expect(restore('{"unknown": 1, "quality": 60}')).toEqual({ ...initialForm, quality: 60 });
});
