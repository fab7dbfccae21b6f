import { follow, request } from "./api.js";
import { h, messageOf, replace } from "./dom.js";
import { region, regionSelect, taxonomy } from "./taxonomy.js";
import { language, say } from "./words.js";

/** @typedef {{ question: string, answer: string | null, failed: boolean, jobId: string }} Turn */
/** @typedef {{ id: string, title: string, updatedAt: number }} Conversation */

/** @param {import("./main.js").Place} place `id`: of a conversation */
export async function chatView({ id, signal }) {
  return id ? conversationView(id, signal) : listView();
}

async function listView() {
  const words = say().chat;
  const [{ items }, found] = await Promise.all([request("api/conversations"), taxonomy()]);
  const begin = async (/** @type {string} */ question) => {
    const json = { region: region(), language: language(), question };
    const { id } = await request("api/conversations", { method: "POST", json });
    location.hash = `chat/${id}`;
  };
  return h(
    "section.chat",
    {},
    h("p.lead", {}, words.lead),
    h("label", {}, say().scan.region, regionSelect(found)),
    askForm(begin),
    h("h2", {}, words.list),
    items.length === 0 ? h("p.note", {}, words.none) : h("ul.conversations", {}, items.map(listed)),
  );
}

/** @param {Conversation} conversation */
function listed({ id, title, updatedAt }) {
  const time = new Date(updatedAt).toLocaleString(language());
  return h("li", {}, h("a", { href: `#chat/${id}` }, h("strong", {}, title), h("span.note", {}, time)));
}

/** @param {string} id @param {AbortSignal} signal */
async function conversationView(id, signal) {
  const words = say().chat;
  const path = `api/conversations/${id}`;
  const { turns, title } = await request(path);
  const list = h("div.turns");
  const show = (/** @type {Turn} */ turn) => list.append(...turnView(turn, signal));
  for (const turn of turns) show(turn);
  const ask = async (/** @type {string} */ question) => {
    const { jobId } = await request(`${path}/turns`, { method: "POST", json: { question } });
    show({ jobId, question, answer: null, failed: false });
    list.lastElementChild?.scrollIntoView({ block: "end" });
  };
  const remove = async () => {
    await request(path, { method: "DELETE" });
    location.hash = "chat";
  };
  return h(
    "section.chat",
    {},
    h(
      "div.line",
      {},
      h("a.link", { href: "#chat" }, `← ${words.fresh}`),
      h("button.link", { type: "button", onclick: remove }, words.remove),
    ),
    h("h2", {}, title),
    list,
    askForm(ask),
    h("p.note", {}, say().disclaimer),
  );
}

/**
 * A question and its answer, which streams while the job runs, even after the user comes back.
 * @param {Turn} turn
 * @param {AbortSignal} signal
 */
function turnView({ question, answer, failed, jobId }, signal) {
  const words = say().chat;
  const place = h("div.bubble.answer", { "aria-live": "polite" });
  const write = (/** @type {string} */ text, isStreaming = false) => {
    place.setAttribute("aria-busy", String(isStreaming));
    replace(place, text);
  };
  if (answer !== null) write(answer);
  else if (failed) write(words.failed);
  else {
    write(words.thinking, true);
    follow(jobId, { signal, text: (text) => write(text, true) }).then(
      ({ result }) => write(result?.text ?? words.failed),
      (error) => signal.aborted || write(messageOf(error)),
    );
  }
  return [h("div.bubble.question", {}, question), place];
}

/** @param {(question: string) => Promise<void>} send */
function askForm(send) {
  const words = say().chat;
  const trouble = h("p.trouble", { role: "alert" });
  const input = h("input", {
    ...{ name: "question", required: true, maxLength: 1_000, placeholder: words.placeholder },
    "aria-label": words.placeholder,
  });
  const button = h("button.primary", { type: "submit" }, words.ask);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    trouble.textContent = "";
    button.disabled = true;
    try {
      await send(input.value);
      input.value = "";
    } catch (error) {
      trouble.textContent = messageOf(error);
    }
    button.disabled = false;
  };
  return h("form.ask", { onsubmit: submit }, input, button, trouble);
}
