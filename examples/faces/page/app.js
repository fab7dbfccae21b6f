import { createClient, Problem } from "millrace/client";
import { showResult } from "./result.js";
import { isText, offerLanguages, text } from "./texts.js";

const client = createClient();
/** @param {string} selector */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const form = /** @type {HTMLFormElement} */ (find("form"));
const bar = /** @type {HTMLProgressElement} */ (find("progress"));
const names = /** @type {const} */ (["first", "second"]);

/** @type {import("./result.js").Shown | null} */
let shown = null;
/** @type {Record<string, string | number | boolean>} */
let options = {};
let seed = 1;
/** @type {{ code: string, message: string } | null} */
let failed = null;

void offerDrawing();
offerLanguages(() => {
  if (shown) showResult(shown);
  showError();
});

/** Drawing needs an image model. */
async function offerDrawing() {
  const { available } = await (await fetch("drawing")).json();
  find("#draw").hidden = !available;
}

/** @param {(typeof names)[number]} name */
const inputOf = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

for (const name of names) inputOf(name).addEventListener("change", () => preview(name));

/** @param {(typeof names)[number]} name */
function preview(name) {
  const input = inputOf(name);
  const image = /** @type {HTMLImageElement} */ (input.parentElement?.querySelector("img"));
  URL.revokeObjectURL(image.src);
  const [file] = input.files ?? [];
  image.hidden = file === undefined;
  if (file) image.src = URL.createObjectURL(file);
  input.parentElement?.classList.remove("wrong");
}

find("#samples").addEventListener("click", async () => {
  for (const name of names) {
    const picture = await (await fetch(`samples/${name}.jpg`)).blob();
    const chosen = new DataTransfer();
    chosen.items.add(new File([picture], `${name}.jpg`, { type: picture.type }));
    inputOf(name).files = chosen.files;
    preview(name);
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void work(makeChildren, "working");
});
find("#again").addEventListener("click", () => {
  seed++;
  void work(makeChildren, "working");
});
find("#draw").addEventListener("click", () => void work(drawChild, "drawing"));

async function makeChildren() {
  const given = new FormData(form);
  const files = names.map((name) => /** @type {File} */ (given.get(name)));
  options = {
    consent: true,
    frame: String(given.get("frame")),
    resemblance: Number(given.get("resemblance")),
    siblings: Number(given.get("siblings")),
    seed,
  };
  const job = await ended(await client.submit("faces", { files, options }, { waitForRoom: true }));
  const result = /** @type {import("./result.js").Result} */ (job.result);
  const isSwapped = result.parents[0].portrait !== job.items[0].input?.sha256;
  const pictures = job.outputs.map(pictureOf);
  shown = { pictures, drawn: [], result, isSwapped, warnings: job.warnings.map(({ code }) => code) };
}

async function drawChild() {
  if (!shown) return;
  const [child] = shown.result.children;
  const files = [{ artifactId: shown.pictures[0].id }];
  const traits = child.traits.map(({ trait, value }) => ({ trait, value }));
  const render = { files, options: { consent: true, traits } };
  const job = await ended(await client.submit("faces.render", render, { waitForRoom: true }));
  const [item] = job.items;
  shown.warnings = item.warnings.map(({ code }) => code);
  shown.drawn = item.outputs.map(pictureOf);
}

/**
 * Follows a job to its end. Throws the job's error.
 * @param {import("millrace/client").Job<any>} job
 */
async function ended(job) {
  for await (const { type, data } of client.events(job.id)) {
    if (type === "item.progress" && data.fraction !== undefined) bar.value = data.fraction;
  }
  const end = await client.job(job.id);
  const error = end.error ?? end.items.find((item) => item.error)?.error;
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
  return /** @type {import("millrace/client").Job<any>} */ (end);
}

/** @param {{ name: string, artifactId: string }} file */
function pictureOf({ name, artifactId }) {
  return { id: artifactId, name, url: client.artifactUrl(artifactId) };
}

/**
 * @param {() => Promise<void>} task
 * @param {"working" | "drawing"} what
 */
async function work(task, what) {
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (
    document.querySelectorAll(".go, .actions button")
  );
  for (const button of buttons) button.disabled = true;
  failed = null;
  showError();
  bar.removeAttribute("value");
  find("#running [role=status]").textContent = text(what);
  find("#running").hidden = false;
  find("#running").scrollIntoView({ block: "nearest" });
  try {
    await task();
    if (shown) showResult(shown);
    find("#result").scrollIntoView({ behavior: "smooth" });
  } catch (error) {
    const { code = "internal", message } = /** @type {Error & { code?: string }} */ (error);
    failed = { code, message };
    showError();
    if (!(error instanceof Problem) && code === "internal") throw error;
  } finally {
    find("#running").hidden = true;
    for (const button of buttons) button.disabled = false;
  }
}

/** Highlights the portrait that the error is about. */
function showError() {
  for (const name of names) inputOf(name).parentElement?.classList.remove("wrong");
  find("#error").hidden = failed === null;
  if (!failed) return;
  const { code, message } = failed;
  const name = /second portrait/.test(message) ? "second" : /first portrait/.test(message) ? "first" : null;
  if (name) inputOf(name).parentElement?.classList.add("wrong");
  const words = isText(code) ? text(code) : message;
  find("#error").textContent = name && isText(code) ? `${text(name)}: ${words}` : words;
}
