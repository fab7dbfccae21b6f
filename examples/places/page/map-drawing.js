import { metersAPixel, projection, toX, toY } from "./projection.js";

/**
 * @typedef {import("./api.js").Place} Place
 * @typedef {import("./projection.js").Spot} Spot
 * @typedef {object} Drawn
 * @property {Spot[][]} rings Of the outline, in world coordinates.
 * @property {Place[]} places
 * @property {Place | null} selected
 * @property {(place: Place) => string} nameOf
 */

/** Category colors for the map and the list. @type {{ [category: string]: string }} */
const colors = {
  ...{ park: "#3f9142", museum: "#8e5bb5", library: "#2f6fb3", station: "#4b5563", heritage: "#b4652b" },
  ...{ market: "#c2410c", beach: "#0891b2", mountain: "#5b7a3a", restroom: "#64748b" },
};

/** @param {string} category */
export const colorOf = (category) => colors[category] ?? "#7c7c7c";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./projection.js").View} view
 * @param {Drawn} drawn
 */
export function draw(canvas, view, { rings, ...drawn }) {
  const { width, height, at } = projection(canvas, view);
  const dots = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round(height * dots);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(canvas);
  const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  pen.scale(dots, dots);
  pen.fillStyle = color("--sea");
  pen.fillRect(0, 0, width, height);
  pen.beginPath();
  for (const ring of rings) {
    for (const [n, [x, y]] of ring.entries()) pen[n === 0 ? "moveTo" : "lineTo"](...at(x, y));
    pen.closePath();
  }
  pen.fillStyle = color("--land");
  pen.fill();
  pen.strokeStyle = color("--shore");
  pen.lineWidth = 1;
  pen.stroke();
  drawScale(pen, metersAPixel(view), height, color("--soft"));
  const ordered = drawn.places.toSorted((a, b) => Number(isIn(b, drawn)) - Number(isIn(a, drawn)));
  const spots = ordered
    .map((place) => ({ place, spot: at(toX(place.lon), toY(place.lat)) }))
    .filter(({ spot: [x, y] }) => x > -20 && y > -20 && x < width + 20 && y < height + 20);
  drawDots(pen, spots, drawn, color("--paper"));
  drawNames(pen, spots, drawn, { halo: color("--land"), ink: color("--ink") });
  drawCross(pen, width / 2, height / 2, color("--ink"));
}

/**
 * @param {Place} place
 * @param {Pick<Drawn, "selected">} drawn
 */
function isIn({ id }, { selected }) {
  return id === selected?.id;
}

/**
 * Draws the selected place last, on top of the others.
 * @param {CanvasRenderingContext2D} pen
 * @param {{ place: Place, spot: Spot }[]} spots
 * @param {Pick<Drawn, "selected">} drawn
 * @param {string} edge
 */
function drawDots(pen, spots, drawn, edge) {
  for (const { place, spot } of spots.toReversed()) {
    pen.beginPath();
    pen.arc(...spot, isIn(place, drawn) ? 9 : 6, 0, 2 * Math.PI);
    pen.fillStyle = colorOf(place.category);
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = edge;
    pen.stroke();
  }
}

/**
 * Draws names where there is room, starting with the selected place.
 * @param {CanvasRenderingContext2D} pen
 * @param {{ place: Place, spot: Spot }[]} spots
 * @param {Pick<Drawn, "nameOf">} drawn
 * @param {{ halo: string, ink: string }} colors
 */
function drawNames(pen, spots, { nameOf }, { halo, ink }) {
  /** @type {{ left: number, top: number, right: number, bottom: number }[]} */
  const taken = [];
  pen.font = "600 12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  for (const { place, spot } of spots) {
    const [x, y] = [spot[0] + 11, spot[1]];
    const name = nameOf(place);
    const box = { left: x - 2, top: y - 9, right: x + pen.measureText(name).width + 2, bottom: y + 9 };
    const isTaken = taken.some(
      (other) =>
        box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom,
    );
    if (isTaken) continue;
    taken.push(box);
    pen.lineWidth = 4;
    pen.strokeStyle = halo;
    pen.strokeText(name, x, y);
    pen.fillStyle = ink;
    pen.fillText(name, x, y);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x
 * @param {number} y
 * @param {string} ink
 */
function drawCross(pen, x, y, ink) {
  pen.strokeStyle = ink;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const [dx, dy] of /** @type {Spot[]} */ ([
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ])) {
    pen.moveTo(x + dx * 5, y + dy * 5);
    pen.lineTo(x + dx * 12, y + dy * 12);
  }
  pen.stroke();
}

/**
 * Draws a scale bar of a round length.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} pixelMeters
 * @param {number} height
 * @param {string} ink
 */
function drawScale(pen, pixelMeters, height, ink) {
  const most = pixelMeters * 110;
  const power = 10 ** Math.floor(Math.log10(most));
  const meters = [5, 2, 1].map((digit) => digit * power).find((length) => length <= most) ?? power;
  pen.fillStyle = ink;
  pen.fillRect(12, height - 16, meters / pixelMeters, 2);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "bottom";
  pen.fillText(meters >= 1_000 ? `${meters / 1_000} km` : `${meters} m`, 12, height - 18);
}
