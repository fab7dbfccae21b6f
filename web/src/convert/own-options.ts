import type { Json } from "../api/contract.ts";
import { optionsSummary } from "../format/options-summary.ts";
import {
  type ConvertOptions,
  checkForm,
  type FormState,
  fromOptions,
  initialForm,
  type OptionProblem,
  toOptions,
  usesQuality,
} from "./options.ts";

/** Options of one image, in place of those of all. */
export type OwnOptions = Partial<Omit<FormState, "watermarkImage">>;

/** Those that the page lets the user change. The others come from an earlier job. */
const changeable: ReadonlySet<string> = new Set(["format", "width", "height", "quality"]);
const ofWatermark: ReadonlySet<string> = new Set(["watermarkText", "position", "opacity", "watermarkSize"]);

/** The form for one image. Without options of its own, it is the very same. */
export function withOwn(form: FormState, own: OwnOptions | null): FormState {
  return own ? { ...form, ...own } : form;
}

/** What the server is to change of the job's options for this image; `null` takes one away. */
export function patchFor(form: FormState, own: OwnOptions | null): Record<string, unknown> | null {
  const [common, wanted] = [toOptions(form), toOptions(withOwn(form, own))];
  const names = new Set([...Object.keys(common), ...Object.keys(wanted)]) as Set<keyof ConvertOptions>;
  const changed = [...names].filter((name) => JSON.stringify(common[name]) !== JSON.stringify(wanted[name]));
  if (changed.length === 0) return null;
  const patch = Object.fromEntries(changed.map((name) => [name, wanted[name] ?? null]));
  if (form.watermark === "image" && wanted.watermark?.text !== undefined) {
    return { ...patch, watermark: { ...wanted.watermark, image: null } };
  }
  return patch;
}

/** What is different in the options of an item of a job. Without files, as in `fromOptions`. */
export function ownBetween(common: ConvertOptions, item: ConvertOptions): OwnOptions | null {
  const [usual, wanted] = [fromOptions(common), fromOptions(item)];
  const changed = (Object.keys(initialForm) as (keyof FormState)[]).filter((name) => {
    if (name === "quality" && !usesQuality(wanted.format)) return false;
    if (ofWatermark.has(name) && wanted.watermark === "none") return false;
    return usual[name] !== wanted[name];
  });
  return changed.length > 0 ? Object.fromEntries(changed.map((name) => [name, wanted[name]])) : null;
}

/** Whether it has options that the page shows for all images only. */
export function hasOthers(own: OwnOptions | null): boolean {
  return Object.keys(own ?? {}).some((name) => !changeable.has(name));
}

/** An image's own options in a few words. */
export function ownSummary(form: FormState, own: OwnOptions | null): string | null {
  return own && optionsSummary(toOptions(withOwn(form, own)) as Json);
}

/** Without what the server would refuse. */
export function validOwn(form: FormState, own: OwnOptions): OwnOptions | null {
  const problems = checkForm(withOwn(form, own));
  const valid = Object.entries(own).filter(([name]) => !problems.has(name as OptionProblem));
  return valid.length > 0 ? (Object.fromEntries(valid) as OwnOptions) : null;
}
