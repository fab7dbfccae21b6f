import { type ConvertOptions, checkForm, type FormState, toOptions } from "./options.ts";

/** Options of one image, in place of those of all. */
export type OwnOptions = Partial<Pick<FormState, "format" | "width" | "height" | "quality">>;

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
  return Object.fromEntries(changed.map((name) => [name, wanted[name] ?? null]));
}

/** Without what the server would refuse. */
export function validOwn(form: FormState, own: OwnOptions): OwnOptions | null {
  const problems = checkForm(withOwn(form, own));
  const valid = Object.entries(own).filter(([name]) => name === "format" || !problems.has(name as "width"));
  return valid.length > 0 ? (Object.fromEntries(valid) as OwnOptions) : null;
}
