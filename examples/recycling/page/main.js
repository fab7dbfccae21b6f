import { albumView } from "./album.js";
import { client, whenSignedOut } from "./api.js";
import { chatView } from "./chat.js";
import { h, messageOf, replace } from "./dom.js";
import { loginView } from "./login.js";
import { scanView } from "./scan.js";
import { language, say, setLanguage } from "./words.js";

/** @typedef {{ id: string | undefined, signal: AbortSignal }} Place what a view shows, and for how long */
/** @typedef {"scan" | "chat" | "album"} Tab */

/** @type {Record<Tab, (place: Place) => Promise<HTMLElement>>} */
const views = { scan: scanView, chat: chatView, album: albumView };
const app = /** @type {HTMLElement} */ (document.querySelector("#app"));

let isSignedIn = true;
/** Aborted when another view replaces the current one. */
let shown = new AbortController();

async function draw() {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const [first = "", id] = location.hash.slice(1).split("/");
  const tab = first in views ? /** @type {Tab} */ (first) : "scan";
  const content = isSignedIn ? await views[tab]({ id, signal }).catch(failed) : loginView(signedIn);
  // Another view was opened meanwhile.
  if (signal.aborted) return;
  document.title = say().title;
  replace(app, header(), h("main", {}, content), isSignedIn ? tabs(tab) : null);
}

/** @param {unknown} error */
function failed(error) {
  return h("section.card", {}, h("p.trouble", { role: "alert" }, messageOf(error)));
}

function header() {
  const swap = () => {
    setLanguage(language() === "ko" ? "en" : "ko");
    return draw();
  };
  const logout = async () => {
    await client.account.logout().catch(() => {});
    signedOut();
  };
  return h(
    "header",
    {},
    h("a.brand", { href: "#scan" }, h("img", { src: "characters/sprout.svg", alt: "" }), say().title),
    h("button.link", { type: "button", onclick: swap }, say().language),
    isSignedIn ? h("button.link", { type: "button", onclick: logout }, say().logout) : null,
  );
}

/** @param {Tab} present */
function tabs(present) {
  const tab = (/** @type {Tab} */ name) =>
    h(
      "a",
      { href: `#${name}`, "aria-current": name === present ? "page" : "false" },
      h("img.icon", { src: `icons/${name}.svg`, alt: "" }),
      say().tabs[name],
    );
  return h("nav", {}, /** @type {Tab[]} */ (Object.keys(views)).map(tab));
}

function signedIn() {
  isSignedIn = true;
  return draw();
}

function signedOut() {
  if (!isSignedIn) return;
  isSignedIn = false;
  draw();
}

whenSignedOut(signedOut);
setLanguage(language());
window.addEventListener("hashchange", draw);
// `whenSignedOut` shows the login to users who are not logged in.
client.account.me().then(draw, (error) => isSignedIn && replace(app, failed(error)));
