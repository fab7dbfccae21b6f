import { type DerivedDictionary, derivedEn } from "./derived-en.ts";
import { derivedKo } from "./derived-ko.ts";
import { type Locale, useLocale } from "./locale.ts";

const dictionaries: Record<Locale, DerivedDictionary> = { en: derivedEn, ko: derivedKo };

/** Texts about derived images. Use only in lazily loaded code. */
export function useDerivedText(): DerivedDictionary {
  return dictionaries[useLocale()];
}
