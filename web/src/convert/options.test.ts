import { describe, expect, test } from "vitest";
import { imageConvertOptions } from "../../../src/pipelines/image-convert/options.ts";
import {
  checkForm,
  type FormState,
  fromOptions,
  initialForm,
  makesSame,
  optionFiles,
  toOptions,
} from "./options.ts";

describe("the form and the pipeline agree", () => {
  test("on the defaults", () => {
    expect(imageConvertOptions.parse(toOptions(initialForm))).toEqual(imageConvertOptions.parse({}));
  });

  test("on every option", () => {
    const form: FormState = {
      ...initialForm,
      format: "avif",
      width: 1280,
      height: 960,
      quality: 55,
      watermark: "text",
      watermarkText: "  © 물레방아 ",
      position: "top-left",
      opacity: 0.5,
      watermarkSize: 0.2,
      fit: "cover",
      enlarge: true,
      background: "#102030",
      lossless: true,
      animated: false,
      keepMetadata: true,
      progressive: true,
      chroma: "4:4:4",
      tolerant: true,
      allPages: true,
    };
    expect(imageConvertOptions.parse(toOptions(form))).toEqual({
      format: "avif",
      width: 1280,
      height: 960,
      quality: 55,
      watermark: { text: "© 물레방아", position: "top-left", opacity: 0.5, size: 0.2 },
      fit: "cover",
      enlarge: true,
      background: "#102030",
      lossless: true,
      animated: false,
      keepMetadata: true,
      progressive: true,
      chroma: "4:4:4",
      tolerant: true,
      pages: "all",
    });
    expect(checkForm(form).size).toBe(0);
  });
});

test("marks what cannot be sent", () => {
  const form: FormState = {
    ...initialForm,
    width: 0,
    height: 1.5,
    watermark: "image",
    background: "red",
  };
  expect([...checkForm(form)]).toEqual(["width", "height", "watermarkImage", "background"]);
  expect([...checkForm({ ...initialForm, watermark: "text", watermarkText: " " })]).toEqual([
    "watermarkText",
  ]);
});

test("a picture as watermark goes as a part of its own", () => {
  const image = new File(["x"], "logo.png");
  const form: FormState = { ...initialForm, watermark: "image", watermarkImage: image };
  expect(optionFiles(form).get("watermark.image")).toBe(image);
  expect(toOptions(form).watermark).not.toHaveProperty("image");
  expect(optionFiles({ ...form, watermark: "none" }).size).toBe(0);
});

test("a preset brings the form back as it was when it was saved", () => {
  const form: FormState = {
    ...initialForm,
    format: "jpeg",
    width: 640,
    quality: 41,
    watermark: "text",
    watermarkText: "© 물레방아",
    position: "top",
    opacity: 0.5,
    watermarkSize: 0.2,
    fit: "cover",
    keepMetadata: true,
    progressive: true,
    chroma: "4:2:0",
    allPages: true,
  };
  expect(fromOptions(toOptions(form))).toEqual(form);
  expect(fromOptions({})).toEqual(initialForm);
  expect(makesSame(form, toOptions(form))).toBe(true);
  // Options saved by a program, without defaults, are the same.
  expect(makesSame(initialForm, {})).toBe(true);
  expect(makesSame({ ...form, quality: 42 }, toOptions(form))).toBe(false);
  expect(makesSame({ ...initialForm, watermark: "image" }, {})).toBe(false);
});
