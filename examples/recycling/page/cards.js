import { confirmView } from "./confirm.js";
import { h } from "./dom.js";
import { language, say } from "./words.js";

/**
 * @typedef {object} Seen
 * @property {"user" | "model" | "detector"} source
 * @property {string} by
 * @property {{ item: string, confidence: number }[]} suggestions
 * @property {string | null} item
 * @property {string[]} conditions
 */
/** @typedef {{ title: string, url: string, date: string, isPublished: boolean }} Source */
/** @typedef {{ image: string, name: Record<string, string>, motto: Record<string, string> }} Character */

/** @param {import("millrace/client").Job} job @param {Seen} seen */
export function seenCard(job, seen) {
  const words = say().seen;
  const by = seen.source === "model" ? words.model(seen.by) : words[seen.source];
  const why = seen.suggestions.length === 0 ? words.none : by;
  return h("article.card", {}, h("h2", {}, words.title), h("p.note", {}, why), confirmView(job, seen));
}

/**
 * @param {object} answer
 * @param {string} answer.text
 * @param {string} [answer.by] `template`, or the model that wrote it
 * @param {{ source: Source | null } | null} [answer.rule]
 * @param {boolean} [answer.isStreaming]
 */
export function answerCard({ text, by = "template", rule = null, isStreaming = false }) {
  const words = say().answer;
  return h(
    "article.card.answer",
    { "aria-live": "polite" },
    h("h2", {}, words.title),
    h("p.text", { "aria-busy": String(isStreaming) }, text),
    by === "template" ? null : h("p.note", {}, words.model(by)),
    rule?.source ? sourceLine(rule.source) : null,
    rule ? h("p.note", {}, say().disclaimer) : null,
  );
}

/** @param {Source} source */
function sourceLine({ title, url, date, isPublished }) {
  const { source, published, read } = say().answer;
  const link = h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, title);
  return h("p.note", {}, `${source}: `, link, ` (${date} ${isPublished ? published : read})`);
}

/** @param {{ state: "new" | "owned" | "unconfirmed", character: Character | null }} reward */
export function rewardCard({ state, character }) {
  const words = say().reward;
  if (state === "unconfirmed" || !character) return h("p.note.center", {}, words.unconfirmed);
  const name = character.name[language()] ?? "";
  return h(
    `article.card.reward.${state}`,
    {},
    h("img.portrait", { src: `characters/${character.image}`, alt: name }),
    h("h2", {}, words[state](name)),
    h("p", {}, character.motto[language()]),
    h("a.link", { href: "#album" }, say().tabs.album),
  );
}
