import { ask } from "./api.js";
import { element } from "./dom.js";
import { createMap } from "./map.js";
import { colorOf } from "./map-drawing.js";
import { openModeration } from "./moderation.js";
import { openPlace } from "./place.js";
import { openReport } from "./report.js";
import { distanceText, nameOf, switchLanguage, t, translate } from "./texts.js";

/** @typedef {import("./api.js").Place} Place */

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const input = /** @type {HTMLInputElement} */ (find("text"));
const MOST_METERS = 50_000;
/** Center of Seoul. */
const view = { lat: 37.5665, lon: 126.978, zoom: 13 };
const state = {
  category: "",
  open: false,
  /** @type {Place[]} */ places: [],
  radius: 0,
};

const map = createMap(/** @type {HTMLCanvasElement} */ (find("map")), view, {
  moved: later(load, 200),
  picked: show,
});

/** @param {Place} place */
function show(place) {
  map.select(place);
  openPlace(/** @type {HTMLDialogElement} */ (find("detail")), place.id, view);
}

/**
 * Debounces a function.
 * @param {() => void} run
 * @param {number} ms
 */
function later(run, ms) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
}

let asked = 0;

/** Loads places by name if there is a text, or else those on the map. Drops outdated responses. */
async function load() {
  const number = ++asked;
  const text = input.value.trim();
  const { lat, lon } = view;
  const radius = Math.min(MOST_METERS, Math.max(100, Math.ceil(map.radius())));
  try {
    const { items } = text
      ? await ask("search", { q: text, lat, lon })
      : await ask("nearby", { lat, lon, radius, category: state.category, open: state.open, limit: 100 });
    if (number !== asked) return;
    state.places = items;
    state.radius = radius;
    list();
  } catch {
    if (number === asked) find("summary").textContent = t().failed;
  }
}

function list() {
  const { places, radius } = state;
  const text = input.value.trim();
  const km = radius < 10_000 ? (radius / 1_000).toFixed(1) : String(Math.round(radius / 1_000));
  const nothing = text ? t().noneNamed : t().none;
  const some = text ? t().named(places.length, text) : t().near(places.length, km);
  find("summary").textContent = places.length === 0 ? nothing : some;
  find("list").replaceChildren(...places.map((place) => element("li", {}, card(place))));
  map.setPlaces(places, nameOf);
}

/** @param {Place} place */
function card(place) {
  const dot = element("span", { className: "dot" });
  dot.style.background = colorOf(place.category);
  const about = element("span", { className: "about" }, t().categories[place.category] ?? "");
  if (place.isOpen !== null) {
    const word = place.isOpen ? t().open : t().closed;
    about.append(" · ", element("span", { className: place.isOpen ? "open" : "closed" }, word));
  }
  const name = element(
    "span",
    {},
    element("span", { className: "name" }, nameOf(place)),
    element("br"),
    about,
  );
  const meters = element(
    "span",
    { className: "meters" },
    place.meters === null ? "" : distanceText(place.meters),
  );
  const button = element("button", { type: "button", className: "card" }, dot, name, meters);
  button.addEventListener("click", () => {
    if (input.value.trim()) map.goTo(place, Math.max(view.zoom, 15));
    show(place);
  });
  return button;
}

function chips() {
  const chip = (
    /** @type {string} */ text,
    /** @type {boolean} */ pressed,
    /** @type {() => void} */ press,
  ) => {
    const button = element("button", { type: "button", "aria-pressed": String(pressed) }, text);
    button.addEventListener("click", () => {
      press();
      chips();
      load();
    });
    return button;
  };
  const categories = Object.entries(t().categories).map(([name, text]) => {
    const category = name === "all" ? "" : name;
    return chip(text, state.category === category, () => {
      state.category = category;
    });
  });
  const open = chip(t().openNow, state.open, () => {
    state.open = !state.open;
  });
  find("categories").replaceChildren(open, ...categories);
}

function speak() {
  translate();
  chips();
  list();
}

find("search").addEventListener("submit", (event) => {
  event.preventDefault();
  input.blur();
  load();
});
input.addEventListener("input", later(load, 200));
find("zoom-in").addEventListener("click", () => map.zoom(1));
find("zoom-out").addEventListener("click", () => map.zoom(-1));
find("locate").addEventListener("click", () =>
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => map.goTo({ lat: coords.latitude, lon: coords.longitude }, 15),
    () => {
      find("summary").textContent = t().noLocation;
    },
  ),
);
find("language").addEventListener("click", () => {
  switchLanguage();
  speak();
});
find("report").addEventListener("click", () =>
  openReport(/** @type {HTMLDialogElement} */ (find("report-sheet")), { ...view }, load),
);
const moderation = find("show-moderation");
moderation.addEventListener("click", () =>
  openModeration(/** @type {HTMLDialogElement} */ (find("moderation-sheet")), load),
);

speak();
load();
ask("outline").then(map.setOutline, () => {});
// Only admins may see it.
ask("pending").then(
  () => {
    moderation.hidden = false;
  },
  () => {},
);
