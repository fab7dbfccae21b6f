import { type ConsoleDictionary, consoleEn } from "./console-en.ts";
import { consoleKo } from "./console-ko.ts";
import { type Locale, useLocale } from "./locale.ts";

const dictionaries: Record<Locale, ConsoleDictionary> = { en: consoleEn, ko: consoleKo };

/** Texts of the console. Use only in lazily loaded code. */
export function useConsoleText(): ConsoleDictionary {
  return dictionaries[useLocale()];
}
