import { createStore } from "../store/store.ts";

/** What is written in the field for addresses; it survives a visit to another page. */
export const urlText = createStore("");

/** What a text holds: addresses, each once, and what is none. They are separated by spaces or lines. */
export function urlsIn(text: string): { urls: string[]; wrong: string[] } {
  const words = new Set(text.split(/\s+/).filter((word) => word !== ""));
  const urls = [...words].filter(isUrl);
  return { urls, wrong: [...words].filter((word) => !isUrl(word)) };
}

function isUrl(word: string): boolean {
  return /^https?:\/\//i.test(word) && URL.canParse(word);
}
