const TILE = 256;
const EARTH_M = 40_075_017;

/**
 * Center of the map in degrees, and the zoom level. Each level doubles the scale.
 * @typedef {{ lat: number, lon: number, zoom: number }} View
 * @typedef {[number, number]} Spot Pixels from the left and the top.
 */

// Web Mercator: the world is a unit square.
export const toX = (/** @type {number} */ lon) => (lon + 180) / 360;
export const toY = (/** @type {number} */ lat) =>
  0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI);
const toLon = (/** @type {number} */ x) => x * 360 - 180;
const toLat = (/** @type {number} */ y) => (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;

/** @param {View} view */
export function metersAPixel({ lat, zoom }) {
  return (EARTH_M * Math.cos((lat * Math.PI) / 180)) / (TILE * 2 ** zoom);
}

/**
 * Converts between world coordinates and pixels of a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {View} view
 */
export function projection(canvas, view) {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = TILE * 2 ** view.zoom;
  const [x, y] = [toX(view.lon), toY(view.lat)];
  return {
    ...{ width, height },
    /** @type {(px: number, py: number) => Spot} */
    at: (px, py) => [(px - x) * scale + width / 2, (py - y) * scale + height / 2],
    back: (/** @type {number} */ left, /** @type {number} */ top) => ({
      lon: toLon((left - width / 2) / scale + x),
      lat: toLat((top - height / 2) / scale + y),
    }),
  };
}
