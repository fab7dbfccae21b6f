import { draw } from "./map-drawing.js";
import { listen } from "./map-gestures.js";
import { metersAPixel, projection, toX, toY } from "./projection.js";

/** @typedef {import("./api.js").Place} Place */

const ZOOM = { least: 6, most: 18 };
/** Maximum distance of a click from a place, in pixels. */
const REACH = 18;

/**
 * A map drawn from an outline and points, without tiles.
 * @param {HTMLCanvasElement} canvas
 * @param {import("./projection.js").View} view Changes as the map moves.
 * @param {{ moved(): void, picked(place: Place): void }} events
 */
export function createMap(canvas, view, { moved, picked }) {
  /** @type {import("./map-drawing.js").Drawn} */
  const drawn = { rings: [], places: [], selected: null, nameOf: ({ name }) => name };
  let isAsked = false;
  const paint = () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw(canvas, view, drawn);
    });
  };
  const move = (/** @type {Partial<import("./projection.js").View>} */ change) => {
    Object.assign(view, change);
    view.zoom = Math.max(ZOOM.least, Math.min(ZOOM.most, view.zoom));
    paint();
  };
  const change = (/** @type {Partial<import("./map-drawing.js").Drawn>} */ what) => {
    Object.assign(drawn, what);
    paint();
  };
  listen(canvas, view, {
    ...{ move, moved },
    pressed(spot) {
      const place = nearest(canvas, view, drawn.places, spot);
      if (place) picked(place);
    },
  });
  new ResizeObserver(paint).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  return {
    setOutline: (/** @type {[number, number][][]} */ rings) =>
      change({ rings: rings.map((ring) => ring.map(([lon, lat]) => [toX(lon), toY(lat)])) }),
    setPlaces: (/** @type {Place[]} */ places, /** @type {(place: Place) => string} */ nameOf) =>
      change({ places, nameOf }),
    select: (/** @type {Place} */ selected) => change({ selected }),
    goTo(/** @type {{ lat: number, lon: number }} */ { lat, lon }, zoom = view.zoom) {
      move({ lat, lon, zoom });
      moved();
    },
    zoom(/** @type {number} */ by) {
      move({ zoom: view.zoom + by });
      moved();
    },
    /** Distance from the center to the farther edge, in meters. */
    radius() {
      const { width, height } = canvas.getBoundingClientRect();
      return (Math.max(width, height) / 2) * metersAPixel(view);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./projection.js").View} view
 * @param {Place[]} places
 * @param {import("./projection.js").Spot} spot
 */
function nearest(canvas, view, places, [left, top]) {
  const { at } = projection(canvas, view);
  const [found] = places
    .map((place) => {
      const [x, y] = at(toX(place.lon), toY(place.lat));
      return { place, away: Math.hypot(x - left, y - top) };
    })
    .sort((a, b) => a.away - b.away);
  return found && found.away <= REACH ? found.place : null;
}
