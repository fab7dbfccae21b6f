import { request } from "./api.js";
import { h } from "./dom.js";
import { taxonomy } from "./taxonomy.js";
import { language, say } from "./words.js";

/** @typedef {import("./cards.js").Character & { id: string }} Character */

const CATALOG = "/v1/catalogs/recycling.characters";
const DEFAULT = "/v1/catalogs/recycling.defaults/character";

/** The user's characters, and silhouettes of the others. */
export async function albumView() {
  const words = say().album;
  const [{ items: owned }, entries] = await Promise.all([request("api/characters"), everybody()]);
  const all = new Map(entries.map((one) => [one.id, one]));
  const mine = new Set(owned.map((/** @type {{ character: string }} */ { character }) => character));
  const met = [...all.values()].filter(({ id }) => mine.has(id));
  const others = [...all.values()].filter(({ id }) => !mine.has(id));
  return h(
    "section.album",
    {},
    h("p.lead", {}, met.length === 0 ? words.empty : words.count(met.length, all.size)),
    h(
      "ul.grid",
      {},
      met.map((one) => card(one, true)),
      others.map((one) => card(one, false)),
    ),
  );
}

/**
 * All characters from the server's memory: initial ones, those added by admins, and the default.
 * @returns {Promise<Character[]>}
 */
async function everybody() {
  const [{ characters }, { items }] = await Promise.all([taxonomy(), request(`${CATALOG}?limit=100`)]);
  const keys = new Set([...characters, ...items.map((/** @type {{ key: string }} */ { key }) => key)]);
  const paths = [...keys].map((key) => `${CATALOG}/${key}`);
  const entries = await Promise.all([...paths, DEFAULT].map((path) => request(path)));
  return entries.map(({ value }) => value);
}

/** @param {Character} character @param {boolean} isMet */
function card({ image, name, motto }, isMet) {
  const title = name[language()] ?? "";
  return h(
    `li.card.${isMet ? "met" : "unmet"}`,
    {},
    h("img", { src: `characters/${image}`, alt: isMet ? title : "" }),
    h("strong", {}, isMet ? title : "?"),
    h("span.note", {}, isMet ? motto[language()] : say().album.hidden),
  );
}
