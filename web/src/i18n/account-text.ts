import { type AccountDictionary, accountEn } from "./account-en.ts";
import { accountKo } from "./account-ko.ts";
import { type Locale, useLocale } from "./locale.ts";

const dictionaries: Record<Locale, AccountDictionary> = { en: accountEn, ko: accountKo };

/** Strings of the pages about accounts. Only what is loaded on demand asks for them. */
export function useAccountText(): AccountDictionary {
  return dictionaries[useLocale()];
}
