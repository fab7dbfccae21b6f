import { client } from "./api.js";
import { h, messageOf, replace } from "./dom.js";
import { resultView } from "./result.js";
import { region, regionSelect, taxonomy } from "./taxonomy.js";
import { language, say } from "./words.js";

/** @param {import("./main.js").Place} place `id`: of a scan to continue with */
export async function scanView({ id, signal }) {
  return id ? resultView(id, signal) : formView();
}

/** Uploads camera photos as they are, because the server scales them down. */
async function formView() {
  const words = say().scan;
  const found = await taxonomy();
  /** @type {File | undefined} */
  let photo;
  const trouble = h("p.trouble", { role: "alert" });
  const preview = h("div.preview");
  const question = h("input", { name: "question", maxLength: 300, placeholder: words.example });
  const send = h("button.primary", { type: "submit", disabled: true }, words.send);

  const choose = (/** @type {Event} */ { target }) => {
    const [file] = /** @type {HTMLInputElement} */ (target).files ?? [];
    if (!file) return;
    photo = file;
    trouble.textContent = "";
    send.disabled = false;
    const image = h("img", { src: URL.createObjectURL(file), alt: words.photo });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    replace(preview, image);
  };
  const pick = (/** @type {string} */ name, /** @type {string} */ label, more = {}) =>
    h(
      "label.pick",
      {},
      h("input", {
        ...{ type: "file", name, accept: "image/jpeg,image/png,image/webp", onchange: choose },
        ...more,
      }),
      h("span", {}, label),
    );
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!photo) return;
    send.disabled = true;
    send.textContent = words.sending;
    const options = { question: question.value, region: region(), language: language() };
    try {
      const { id } = await client.submit("recycling.scan", { files: [photo], options });
      location.hash = `scan/${id}`;
    } catch (error) {
      trouble.textContent = messageOf(error);
      send.disabled = false;
      send.textContent = words.send;
    }
  };
  return h(
    "form.scan",
    { onsubmit: submit },
    h("p.lead", {}, words.lead),
    h(
      "div.drop",
      {},
      preview,
      h("div.picks", {}, pick("camera", words.camera, { capture: "environment" }), pick("file", words.file)),
    ),
    h("label", {}, words.region, regionSelect(found)),
    h("label", {}, words.question, question),
    trouble,
    send,
    h("p.note", {}, words.privacy),
  );
}
