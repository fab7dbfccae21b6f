import { type AccountDictionary, accountEn } from "./account-en.ts";
import { accountKo } from "./account-ko.ts";
import { type Locale, useLocale } from "./locale.ts";

const dictionaries: Record<Locale, AccountDictionary> = { en: accountEn, ko: accountKo };

/** Texts of account pages. Use only in lazily loaded code. */
export function useAccountText(): AccountDictionary {
  return dictionaries[useLocale()];
}
