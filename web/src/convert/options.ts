import type { z } from "zod";
import { MAX_SIDE, outputFormats, type Position } from "../../../src/pipelines/image-convert/choices.ts";
import type { imageConvertOptions } from "../../../src/pipelines/image-convert/options.ts";

/** The options as `image.convert` takes them, by its own schema. */
export type ConvertOptions = z.input<typeof imageConvertOptions>;
export type Format = NonNullable<ConvertOptions["format"]>;
export type Fit = NonNullable<ConvertOptions["fit"]>;

const modern: readonly Format[] = ["webp", "avif"];
/** Those that make the smallest files come first. */
export const formatChoices = [...modern, ...outputFormats.filter((format) => !modern.includes(format))];
export const widthPresets: readonly number[] = [640, 1280, 1920, 2560];
/** What the form holds; the parts of a watermark that is switched off are kept for when it is switched on again. */
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
  tolerant: boolean;
  /** One file for each page of a TIFF. */
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

/** Only what differs from the defaults is sent: the request stays readable, and so does its curl. */
export function toOptions(form: FormState): ConvertOptions {
  const changed = (
    ["enlarge", "background", "lossless", "animated", "keepMetadata", "tolerant", "fit"] as const
  ).filter((name) => form[name] !== initialForm[name]);
  return {
    format: form.format,
    ...(form.width !== null && { width: form.width }),
    ...(form.height !== null && { height: form.height }),
    ...(usesQuality(form.format) && { quality: form.quality }),
    ...Object.fromEntries(changed.map((name) => [name, form[name]])),
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

/** The form that sends these options. A file among them is not in it. */
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
    allPages: pages === "all",
  };
}

/** Whether a form sends what these options come to. */
export function makesSame(form: FormState, options: ConvertOptions): boolean {
  if (form.watermark === "image") return false;
  return JSON.stringify(toOptions(form)) === JSON.stringify(toOptions(fromOptions(options)));
}

/** The files that belong to options, by the option's path: the server reads them from parts of that name. */
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
