import { ask } from "./api.js";
import { element, sheetHead } from "./dom.js";
import { distanceText, isKorean, nameOf, t } from "./texts.js";

/**
 * Shows one place.
 * @param {HTMLDialogElement} sheet
 * @param {string} id
 * @param {{ lat: number, lon: number }} from
 */
export async function openPlace(sheet, id, { lat, lon }) {
  /** @type {import("./api.js").PlaceDetail} */
  const place = await ask(`places/${encodeURIComponent(id)}`, { lat, lon });
  const other = isKorean() ? place.nameEn : place.name;
  const shown = element("dl", {});
  const add = (/** @type {string} */ term, /** @type {string | Node | null} */ value) => {
    if (value) shown.append(element("dt", {}, term), element("dd", {}, value));
  };
  add(t().category, t().categories[place.category] ?? place.category);
  add(t().hours, hoursOf(place));
  add(t().distance, place.meters === null ? null : distanceText(place.meters));
  add(t().address, place.address);
  add(t().link, linkOf(place));
  add(t().position, `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`);
  add(t().source, t().origin[place.origin] ?? place.origin);
  sheet.replaceChildren(
    sheetHead(nameOf(place), t().close, sheet),
    ...(other && other !== nameOf(place) ? [element("p", { className: "hint" }, other)] : []),
    shown,
  );
  sheet.showModal();
}

/** @param {import("./api.js").Place} place */
function hoursOf(place) {
  if (place.hours === null) return null;
  const word = place.isOpen ? t().open : t().closed;
  return element(
    "span",
    {},
    element("span", { className: place.isOpen ? "open" : "closed" }, word),
    ` · ${place.hours}`,
  );
}

/** @param {import("./api.js").Place} place */
function linkOf({ link }) {
  if (link === null) return null;
  // Users wrote this URL, so do not send a referrer or pass on reputation.
  return element("a", { href: link, rel: "noopener noreferrer nofollow ugc", target: "_blank" }, link);
}
