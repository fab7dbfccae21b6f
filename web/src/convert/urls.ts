import { createStore } from "../store/store.ts";
import type { OwnOptions } from "./own-options.ts";

/** Text of the URL field. Outlives the page component, so that visiting another page does not lose it. */
export const urlText = createStore("");

/** Options of images in place of those of all images, by URL. */
export const urlOwn = createStore<ReadonlyMap<string, OwnOptions>>(new Map());

export function setUrlOwn(url: string, own: OwnOptions | null): void {
  urlOwn.set((now) => {
    const others = [...now].filter(([known]) => known !== url);
    return new Map(own ? [...others, [url, own]] : others);
  });
}

export function clearUrls(): void {
  urlText.set("");
  urlOwn.set(new Map());
}

/** The URL as a label: without its scheme and, if it is long, without its middle. */
export function shortUrl(url: string): string {
  const rest = url.replace(/^https?:\/\//i, "");
  return rest.length <= 60 ? rest : `${rest.slice(0, 20)}…${rest.slice(-39)}`;
}

/** Splits text at whitespace into unique URLs and everything else. */
export function urlsIn(text: string): { urls: string[]; wrong: string[] } {
  const words = new Set(text.split(/\s+/).filter((word) => word !== ""));
  const urls = [...words].filter(isUrl);
  return { urls, wrong: [...words].filter((word) => !isUrl(word)) };
}

function isUrl(word: string): boolean {
  return /^https?:\/\//i.test(word) && URL.canParse(word);
}
