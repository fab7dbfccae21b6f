import { en } from "./texts-en.js";
import { ko } from "./texts-ko.js";

const texts = { en, ko };
const KEY = "places.language";
const kept = localStorage.getItem(KEY);
/** @type {keyof typeof texts} */
let language = kept === "ko" || kept === "en" ? kept : navigator.language.startsWith("ko") ? "ko" : "en";

/** Texts in the current language. */
export const t = () => texts[language];
export const isKorean = () => language === "ko";

export function switchLanguage() {
  language = language === "ko" ? "en" : "ko";
  localStorage.setItem(KEY, language);
}

/** Fills in the texts and labels of elements that specify one. */
export function translate() {
  document.documentElement.lang = language;
  document.title = t().title;
  const textOf = (/** @type {string | undefined} */ name) => String(Reflect.get(t(), name ?? ""));
  for (const element of document.querySelectorAll("[data-text]")) {
    if (element instanceof HTMLElement) element.textContent = textOf(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    if (!(element instanceof HTMLElement)) continue;
    element.setAttribute("aria-label", textOf(element.dataset.label));
    if (element instanceof HTMLInputElement) element.placeholder = textOf(element.dataset.label);
  }
}

/**
 * A place's name for the reader, in English if available.
 * @param {{ name: string, nameEn: string | null }} place
 */
export function nameOf(place) {
  return isKorean() ? place.name : (place.nameEn ?? place.name);
}

/** @param {number} meters */
export function distanceText(meters) {
  if (meters < 1_000) return `${Math.round(meters / 10) * 10} m`;
  return `${(meters / 1_000).toFixed(meters < 10_000 ? 1 : 0)} km`;
}
