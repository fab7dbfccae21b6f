import { createStore } from "../store/store.ts";
import { readSetting, writeSetting } from "../theme/settings.ts";
import { checkForm, type FormState, initialForm } from "./options.ts";

const key = "millrace.options";

/** Options of the last visit, as far as they are still valid. A watermark image is not kept. */
export const formStore = createStore<FormState>(restore(readSetting(key)));

export function changeForm(change: Partial<FormState>): void {
  formStore.set((now) => ({ ...now, ...change }));
  const { watermarkImage: _, ...kept } = formStore.get();
  writeSetting(key, JSON.stringify(kept));
}

export function resetForm(): void {
  changeForm(initialForm);
}

export function restore(saved: string | null): FormState {
  if (!saved) return initialForm;
  try {
    const values: unknown = JSON.parse(saved);
    if (typeof values !== "object" || values === null) return initialForm;
    const known = Object.entries(values).filter(([name, value]) => {
      const usual = initialForm[name as keyof FormState];
      return (
        usual !== undefined && (usual === null ? typeof value === "number" : typeof value === typeof usual)
      );
    });
    const form: FormState = { ...initialForm, ...Object.fromEntries(known) };
    if (form.watermark === "image") form.watermark = "none";
    return checkForm(form).size === 0 ? form : initialForm;
  } catch {
    return initialForm;
  }
}
