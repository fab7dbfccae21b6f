import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "../theme/settings.ts";
import { type Dictionary, en } from "./en.ts";
import { ko } from "./ko.ts";

export type Locale = "en" | "ko";

const key = "millrace.language";
const dictionaries: Record<Locale, Dictionary> = { en, ko };
const listeners = new Set<() => void>();
let locale: Locale = initialLocale();

function initialLocale(): Locale {
  const chosen = readSetting(key);
  if (chosen === "en" || chosen === "ko") return chosen;
  const wanted = navigator.languages.find((tag) => /^(en|ko)\b/i.test(tag));
  return wanted?.toLowerCase().startsWith("ko") ? "ko" : "en";
}

document.documentElement.lang = locale;

export function setLocale(next: Locale): void {
  locale = next;
  writeSetting(key, next);
  document.documentElement.lang = next;
  for (const listener of [...listeners]) listener();
}

export function useLocale(): Locale {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => locale,
  );
}

/** Texts of the page in the chosen language. */
export function useText(): Dictionary {
  return dictionaries[useLocale()];
}
