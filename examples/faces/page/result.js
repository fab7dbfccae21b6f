import { isText, text } from "./texts.js";

/**
 * @typedef {{ trait: string, value: number, parents: [number, number], rule: string, source: string }} Trait
 * @typedef {{ notice: string, parents: { portrait: string }[], children: { image: string, traits: Trait[] }[] }} Result
 * @typedef {{ id: string, name: string, url: string }} Picture
 * @typedef {{ pictures: Picture[], drawn: Picture[], result: Result, isSwapped: boolean, warnings: string[] }} Shown
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {Node[]} inside
 */
function make(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}

/** @param {string} selector */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** @param {Shown} shown */
export function showResult({ pictures, drawn, result, isSwapped, warnings }) {
  const figures = pictures.map((picture, n) => figureOf(picture, `${text("child")} ${n + 1}`));
  const drawings = drawn.map((picture) => figureOf(picture, `${text("child")} 1, ${text("drawn")}`));
  find(".children").replaceChildren(...figures, ...drawings);
  find(".traits").replaceChildren(...result.children[0].traits.map((trait) => traitOf(trait, isSwapped)));
  const known = warnings.filter(isText).map((code) => text(code));
  find("#warnings").textContent = known.join(" ");
  find("#warnings").hidden = known.length === 0;
  find("#result").hidden = false;
}

/**
 * @param {Picture} picture
 * @param {string} title
 */
function figureOf({ name, url }, title) {
  const save = make("a", { href: url, download: name, textContent: text("save") });
  const caption = make("figcaption", {}, document.createTextNode(`${title} · `), save);
  return make("figure", {}, make("img", { src: url, alt: title }), caption);
}

/**
 * @param {Trait} trait
 * @param {boolean} isSwapped whether the result's first parent is the second one on the page
 */
function traitOf({ trait, value, parents, rule, source }, isSwapped) {
  const own = isSwapped ? parents.toReversed() : parents;
  const given = own.map((one) => one.toFixed(3)).join(" · ");
  return make(
    "details",
    {},
    make(
      "summary",
      {},
      make("span", { textContent: isText(trait) ? text(trait) : trait }),
      make("b", { textContent: value.toFixed(3) }),
      make("small", { textContent: `${text("parents")} ${given}` }),
    ),
    make("p", { textContent: `${text("rule")}: ${rule}` }),
    make("p", { textContent: `${text("source")}: ${source}` }),
  );
}
