import type { z } from "zod";
import { MAX_SIDE, outputFormats, type Position } from "../../../src/pipelines/image-convert/choices.ts";
import type { imageConvertOptions } from "../../../src/pipelines/image-convert/options.ts";

/** Options as `image.convert` accepts them, from its own schema. */
export type ConvertOptions = z.input<typeof imageConvertOptions>;
export type Format = NonNullable<ConvertOptions["format"]>;
export type Fit = NonNullable<ConvertOptions["fit"]>;
export type Chroma = NonNullable<ConvertOptions["chroma"]> | "auto";

const modern: readonly Format[] = ["webp", "avif"];
/** The formats with the smallest files come first. */
export const formatChoices = [...modern, ...outputFormats.filter((format) => !modern.includes(format))];
export const widthPresets: readonly number[] = [640, 1280, 1920, 2560];
/** Contents of the form. Keeps the settings of a watermark that is off, in case it is turned on again. */
export interface FormState {
  format: Format;
  width: number | null;
  height: number | null;
  quality: number;
  watermark: "none" | "text" | "image";
  watermarkText: string;
  watermarkImage: File | null;
  position: Position;
  opacity: number;
  watermarkSize: number;
  fit: Fit;
  enlarge: boolean;
  background: string;
  lossless: boolean;
  animated: boolean;
  keepMetadata: boolean;
  progressive: boolean;
  chroma: Chroma;
  tolerant: boolean;
  /** One file per page of a TIFF. */
  allPages: boolean;
}

export const initialForm: FormState = {
  format: "webp",
  width: null,
  height: null,
  quality: 80,
  watermark: "none",
  watermarkText: "",
  watermarkImage: null,
  position: "bottom-right",
  opacity: 0.3,
  watermarkSize: 0.3,
  fit: "inside",
  enlarge: false,
  background: "#ffffff",
  lossless: false,
  animated: true,
  keepMetadata: false,
  progressive: false,
  chroma: "auto",
  tolerant: false,
  allPages: false,
};

export type OptionProblem = "width" | "height" | "watermarkText" | "watermarkImage" | "background";

export function checkForm(form: FormState): ReadonlySet<OptionProblem> {
  const problems = new Set<OptionProblem>();
  for (const side of ["width", "height"] as const) {
    if (form[side] !== null && !isSide(form[side])) problems.add(side);
  }
  if (form.watermark === "text" && form.watermarkText.trim() === "") problems.add("watermarkText");
  if (form.watermark === "image" && !form.watermarkImage) problems.add("watermarkImage");
  if (!/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(form.background)) problems.add("background");
  return problems;
}

/** Problems to show before the user tries to send. An empty field is not a mistake yet. */
export function visibleProblems(problems: ReadonlySet<OptionProblem>): ReadonlySet<OptionProblem> {
  return new Set([...problems].filter((one) => one !== "watermarkText" && one !== "watermarkImage"));
}

/** Only includes what differs from the defaults, which keeps the request and its curl command readable. */
export function toOptions(form: FormState): ConvertOptions {
  const changed = (
    [
      "enlarge",
      "background",
      "lossless",
      "animated",
      "keepMetadata",
      "progressive",
      "tolerant",
      "fit",
    ] as const
  ).filter((name) => form[name] !== initialForm[name]);
  return {
    format: form.format,
    ...(form.width !== null && { width: form.width }),
    ...(form.height !== null && { height: form.height }),
    ...(usesQuality(form.format) && { quality: form.quality }),
    ...Object.fromEntries(changed.map((name) => [name, form[name]])),
    ...(form.chroma !== "auto" && { chroma: form.chroma }),
    ...(form.allPages && { pages: "all" as const }),
    ...(form.watermark !== "none" && {
      watermark: {
        ...(form.watermark === "text" && { text: form.watermarkText.trim() }),
        position: form.position,
        opacity: form.opacity,
        size: form.watermarkSize,
      },
    }),
  };
}

/** The form that yields these options, without files. */
export function fromOptions({ watermark, pages, ...options }: ConvertOptions): FormState {
  const { text, position, opacity, size } = watermark ?? {};
  return {
    ...initialForm,
    ...options,
    width: options.width ?? null,
    height: options.height ?? null,
    watermark: text === undefined ? "none" : "text",
    watermarkText: text ?? initialForm.watermarkText,
    position: position ?? initialForm.position,
    opacity: opacity ?? initialForm.opacity,
    watermarkSize: size ?? initialForm.watermarkSize,
    chroma: options.chroma ?? initialForm.chroma,
    allPages: pages === "all",
  };
}

/** Whether a form yields the same result as these options. */
export function makesSame(form: FormState, options: ConvertOptions): boolean {
  if (form.watermark === "image") return false;
  return JSON.stringify(toOptions(form)) === JSON.stringify(toOptions(fromOptions(options)));
}

/** Files that belong to options, by option path. The server reads them from form parts with these names. */
export function optionFiles(form: FormState): Map<string, File> {
  const files = new Map<string, File>();
  if (form.watermark === "image" && form.watermarkImage) files.set("watermark.image", form.watermarkImage);
  return files;
}

export function isSide(value: number | null): value is number {
  return value !== null && Number.isInteger(value) && value >= 1 && value <= MAX_SIDE;
}

export function usesQuality(format: Format): boolean {
  return format === "jpeg" || format === "webp" || format === "avif" || format === "original";
}
