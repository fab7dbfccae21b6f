import { expect, test } from "vitest";
import { type FormState, initialForm } from "./options.ts";
import { patchFor, validOwn, withOwn } from "./own-options.ts";

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
