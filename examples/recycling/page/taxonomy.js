import { request } from "./api.js";
import { h } from "./dom.js";
import { language } from "./words.js";

/**
 * @typedef {{ condition: string, name: string }} Condition
 * @typedef {{ item: string, name: string, material: string, conditions: Condition[] }} Item
 * @typedef {object} Taxonomy
 * @property {{ region: string, name: string }[]} regions
 * @property {{ material: string, name: string }[]} materials
 * @property {string[]} characters materials with an initial character
 * @property {Item[]} items
 */

const KEY = "recycling.region";
/** @type {Map<string, Promise<Taxonomy>>} */
const known = new Map();

export const region = () => localStorage.getItem(KEY) ?? "kr";

/** Items, conditions and regions in the page's language. */
export function taxonomy(of = region()) {
  const path = `api/taxonomy?language=${language()}&region=${of}`;
  let asked = known.get(path);
  if (!asked) {
    asked = request(path);
    known.set(path, asked);
    asked.catch(() => known.delete(path));
  }
  return asked;
}

/** @param {Taxonomy} taxonomy */
export function regionSelect({ regions }) {
  const select = h("select", { name: "region" });
  for (const { region: value, name } of regions) select.append(new Option(name, value));
  select.value = region();
  select.addEventListener("change", () => localStorage.setItem(KEY, select.value));
  return select;
}
