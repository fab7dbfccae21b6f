import { type Locale, useLocale } from "./locale.ts";
import { type TellingDictionary, tellingEn } from "./telling-en.ts";
import { tellingKo } from "./telling-ko.ts";

const dictionaries: Record<Locale, TellingDictionary> = { en: tellingEn, ko: tellingKo };

/** Texts about webhooks and notifications. Use only in lazily loaded code. */
export function useTellingText(): TellingDictionary {
  return dictionaries[useLocale()];
}
