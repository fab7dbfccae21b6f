import { Problem } from "millrace/client";
import { client } from "./api.js";
import { element, sheetHead } from "./dom.js";
import { t } from "./texts.js";

const STEPS = /** @type {const} */ (["country", "rules", "photo", "decide"]);

/**
 * Shows a form for a report, then its progress and its outcome.
 * @param {HTMLDialogElement} sheet
 * @param {{ lat: number, lon: number }} point
 * @param {() => void} changed
 */
export function openReport(sheet, point, changed) {
  const form = reportForm();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(sheet, form, point, changed);
  });
  const place = element("p", { className: "hint" }, t().reportHere);
  place.append(element("br"), `${point.lat.toFixed(5)}, ${point.lon.toFixed(5)}`);
  sheet.replaceChildren(sheetHead(t().report, t().close, sheet), place, form);
  if (!sheet.open) sheet.showModal();
}

function reportForm() {
  const field = (/** @type {string} */ text, /** @type {HTMLElement} */ input) =>
    element("label", {}, text, input);
  const text = (/** @type {string} */ name, properties = {}) =>
    element("input", { name, maxLength: 80, autocomplete: "off", ...properties });
  const category = element("select", { name: "category" });
  for (const [name, title] of Object.entries(t().categories)) {
    if (name !== "all") category.append(element("option", { value: name }, title));
  }
  return element(
    "form",
    {},
    field(t().name, text("name", { required: true, minLength: 2 })),
    field(t().nameEn, text("nameEn", { minLength: 2 })),
    field(t().category, category),
    field(t().hoursField, text("hours", { maxLength: 200, placeholder: t().hoursHint })),
    field(t().linkField, text("link", { type: "url", maxLength: 300, placeholder: "https://" })),
    field(
      t().photo,
      element("input", { name: "photo", type: "file", accept: "image/jpeg,image/png,image/webp" }),
    ),
    element("p", { className: "fault", role: "alert" }),
    element("button", { className: "main", type: "submit" }, t().send),
  );
}

/**
 * @param {HTMLDialogElement} sheet
 * @param {HTMLFormElement} form
 * @param {{ lat: number, lon: number }} point
 * @param {() => void} changed
 */
async function send(sheet, form, point, changed) {
  const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  const { photo, ...fields } = given;
  const hasPhoto = photo instanceof File && photo.size > 0;
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  button.textContent = t().sending;
  try {
    const job = await client.submit("places.report", {
      items: [{ data: { ...fields, lat: point.lat, lon: point.lon } }],
      options: hasPhoto ? { photo } : {},
    });
    await follow(sheet, job.id, () => openReport(sheet, point, changed));
    changed();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const issues = (error.issues ?? []).map(({ path, message }) => `${path.split(".").at(-1)}: ${message}`);
    const fault = /** @type {HTMLElement} */ (form.querySelector(".fault"));
    fault.textContent = issues.length > 0 ? issues.join(" · ") : error.message;
    button.disabled = false;
    button.textContent = t().send;
  }
}

/**
 * @param {HTMLDialogElement} sheet
 * @param {string} id
 * @param {() => void} again
 */
async function follow(sheet, id, again) {
  const rows = STEPS.map((step) => element("li", {}, t().steps[step]));
  sheet.replaceChildren(
    sheetHead(t().report, t().close, sheet),
    element("ul", { className: "steps" }, ...rows),
  );
  for await (const { type, data } of client.events(id)) {
    const step = STEPS.indexOf(
      /** @type {typeof STEPS[number]} */ (/** @type {{ step?: string }} */ (data).step),
    );
    if (type !== "item.started" || step < 0) continue;
    for (const [n, row] of rows.entries()) row.className = n < step ? "done" : n === step ? "running" : "";
  }
  const [item] = (await client.job(id)).items;
  for (const row of rows) row.className = "done";
  const more = element("button", { type: "button", className: "main" }, t().again);
  more.addEventListener("click", again);
  sheet.append(outcome(item), more);
}

/** @param {{ result?: unknown, error?: { message: string } | null } | undefined} item */
function outcome(item) {
  const decision = /** @type {{ verdict: string, reasons: string[] } | null | undefined} */ (item?.result);
  if (!decision) return element("p", { className: "fault" }, item?.error?.message ?? t().failed);
  const reasons = decision.reasons.map((reason) => element("p", {}, t().reasons[reason] ?? reason));
  const title = element("strong", {}, t().verdicts[decision.verdict] ?? decision.verdict);
  return element("div", { className: `verdict ${decision.verdict}`, role: "status" }, title, ...reasons);
}
