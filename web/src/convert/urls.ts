import { createStore } from "../store/store.ts";

/** Text of the URL field. Outlives the page component, so that visiting another page does not lose it. */
export const urlText = createStore("");

/** Splits text at whitespace into unique URLs and everything else. */
export function urlsIn(text: string): { urls: string[]; wrong: string[] } {
  const words = new Set(text.split(/\s+/).filter((word) => word !== ""));
  const urls = [...words].filter(isUrl);
  return { urls, wrong: [...words].filter((word) => !isUrl(word)) };
}

function isUrl(word: string): boolean {
  return /^https?:\/\//i.test(word) && URL.canParse(word);
}
