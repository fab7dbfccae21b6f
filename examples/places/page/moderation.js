import { ask, client, post } from "./api.js";
import { element, sheetHead } from "./dom.js";
import { nameOf, t } from "./texts.js";

/**
 * Shows places that need a moderator's decision, and the state of the outside source.
 * @param {HTMLDialogElement} sheet
 * @param {() => void} changed
 */
export async function openModeration(sheet, changed) {
  const [{ items }, state] = await Promise.all([ask("pending"), ask("sync")]);
  const rows = items.map((/** @type {import("./api.js").Waiting} */ place) => waiting(place, sheet, changed));
  sheet.replaceChildren(
    sheetHead(t().moderation, t().close, sheet),
    element("p", {}, t().waiting(items.length)),
    ...rows,
    element("p", { className: "hint" }, syncText(state)),
    ...(state.hasSource ? [syncButton()] : []),
  );
  if (!sheet.open) sheet.showModal();
}

/**
 * @param {import("./api.js").Waiting} place
 * @param {HTMLDialogElement} sheet
 * @param {() => void} changed
 */
function waiting(place, sheet, changed) {
  const buttons = element("div", { className: "buttons" });
  for (const accepts of [true, false]) {
    const button = element(
      "button",
      { type: "button", className: accepts ? "main" : "" },
      accepts ? t().accept : t().reject,
    );
    button.addEventListener("click", async () => {
      for (const one of buttons.querySelectorAll("button")) one.disabled = true;
      const { jobId } = await post(`pending/${encodeURIComponent(place.id)}`, { accepts });
      await client.wait(jobId);
      await openModeration(sheet, changed);
      changed();
    });
    buttons.append(button);
  }
  const about = `${t().categories[place.category] ?? place.category} · ${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`;
  return element(
    "div",
    { className: "waiting" },
    element("strong", {}, nameOf(place)),
    element("p", { className: "hint" }, about, place.isHeld ? ` · ${t().held}` : ""),
    buttons,
  );
}

/** @param {{ hasSource: boolean, pages: number, records: number }} state */
function syncText({ hasSource, pages, records }) {
  if (!hasSource) return t().noSource;
  return pages === 0 ? t().neverSynced : t().synced(pages, records);
}

function syncButton() {
  const button = element("button", { type: "button" }, t().sync);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await post("sync");
    button.textContent = t().started;
  });
  return button;
}
