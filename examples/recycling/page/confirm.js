import { client } from "./api.js";
import { h, messageOf, replace } from "./dom.js";
import { taxonomy } from "./taxonomy.js";
import { language, say } from "./words.js";

/** @typedef {import("millrace/client").Job} Job */
/** @typedef {import("./cards.js").Seen} Seen */
/** @typedef {import("./taxonomy.js").Item} Item */

/**
 * What was recognized, with confidences. Lets users confirm or correct it, which starts a second job with the first
 * one's photo.
 * @param {Job} job
 * @param {Seen} seen
 */
export function confirmView(job, seen) {
  const view = h("div");
  const trouble = h("p.trouble", { role: "alert" });
  const asked = /** @type {{ question: string, region: string }} */ (job.options);
  let { item } = seen;
  let conditions = new Set(seen.conditions);
  let isOpen = item === null;

  const send = async () => {
    const photo = job.items[0]?.steps.find(({ name }) => name === "photo")?.outputs[0];
    if (!photo || item === null) return;
    const confirmed = { item, conditions: [...conditions] };
    const { question, region } = asked;
    try {
      const made = await client.submit("recycling.scan", {
        files: [{ artifactId: photo.artifactId }],
        options: { question, region, language: language(), confirmed },
        metadata: { confirms: job.id },
      });
      location.hash = `scan/${made.id}`;
    } catch (error) {
      trouble.textContent = messageOf(error);
    }
  };
  const choose = (/** @type {string} */ next) => {
    if (next !== item) conditions = new Set();
    item = next === "" ? null : next;
    return draw();
  };
  const open = () => {
    isOpen = true;
    return draw();
  };
  const draw = async () => {
    const { items } = await taxonomy(asked.region);
    const chosen = items.find((one) => one.item === item);
    const words = say().seen;
    const suggestions = seen.suggestions.map(({ item: name, confidence }) => {
      const title = items.find((one) => one.item === name)?.name ?? name;
      const properties = { disabled: !isOpen, isChosen: name === item, onclick: () => choose(name) };
      return suggestion(title, confidence, properties);
    });
    const closed = [h("button.link", { type: "button", onclick: open }, words.change)];
    const opened = [
      h("label", {}, words.choose, itemSelect(items, item, choose)),
      chosen ? conditionBoxes(chosen, conditions) : null,
      trouble,
      h("button.primary", { type: "button", disabled: !chosen, onclick: send }, words.confirm),
    ];
    replace(view, h("div.suggestions", {}, suggestions), isOpen ? opened : closed);
  };
  draw().catch((error) => replace(view, h("p.trouble", {}, messageOf(error))));
  return view;
}

/**
 * @param {string} name
 * @param {number} confidence
 * @param {{ disabled: boolean, isChosen: boolean, onclick: () => void }} properties
 */
function suggestion(name, confidence, { isChosen, ...properties }) {
  const percent = `${Math.round(confidence * 100)}%`;
  const bar = h("span.bar");
  bar.style.setProperty("--part", percent);
  return h(
    "button.suggestion",
    { type: "button", "aria-pressed": String(isChosen), ...properties },
    bar,
    h("span", {}, name),
    h("span.percent", {}, percent),
  );
}

/** @param {Item[]} items @param {string | null} item @param {(item: string) => void} choose */
function itemSelect(items, item, choose) {
  const select = h("select", { name: "item", onchange: () => choose(select.value) });
  select.append(new Option("—", ""));
  for (const one of items) select.append(new Option(one.name, one.item));
  select.value = item ?? "";
  return select;
}

/** @param {Item} item @param {Set<string>} chosen */
function conditionBoxes({ conditions }, chosen) {
  if (conditions.length === 0) return null;
  const boxes = conditions.map(({ condition, name }) => {
    const box = h("input", { type: "checkbox", name: condition, checked: chosen.has(condition) });
    box.addEventListener("change", () => (box.checked ? chosen.add(condition) : chosen.delete(condition)));
    return h("label.chip", {}, box, h("span", {}, name));
  });
  return h("fieldset", {}, h("legend", {}, say().seen.conditions), h("div.chips", {}, boxes));
}
