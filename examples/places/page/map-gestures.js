import { projection } from "./projection.js";

/**
 * Handles dragging with one pointer, pinching with two, the wheel, and keys.
 * @param {HTMLCanvasElement} canvas
 * @param {import("./projection.js").View} view
 * @param {object} does
 * @param {(change: Partial<import("./projection.js").View>) => void} does.move
 * @param {() => void} does.moved Called when the map has come to rest.
 * @param {(spot: import("./projection.js").Spot) => void} does.pressed
 */
export function listen(canvas, view, { move, moved, pressed }) {
  listenToPointers(canvas, view, { move, moved, pressed });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      move({ zoom: view.zoom - event.deltaY / 300 });
      moved();
    },
    { passive: false },
  );
  /** @type {{ [key: string]: import("./projection.js").Spot }} */
  const ways = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  /** @type {{ [key: string]: number }} */
  const zooms = { "+": 1, "=": 1, "-": -1 };
  canvas.addEventListener("keydown", (event) => {
    const by = zooms[event.key];
    const way = ways[event.key];
    if (by !== undefined) move({ zoom: view.zoom + by });
    else if (way) move(dragged(canvas, view, [0, 0], way));
    else return;
    event.preventDefault();
    moved();
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./projection.js").View} view
 * @param {import("./projection.js").Spot} from
 * @param {import("./projection.js").Spot} to
 */
function dragged(canvas, view, from, to) {
  const { back, width, height } = projection(canvas, view);
  return back(width / 2 - (to[0] - from[0]), height / 2 - (to[1] - from[1]));
}

/** @type {typeof listen} */
function listenToPointers(canvas, view, { move, moved, pressed }) {
  /** @type {Map<number, import("./projection.js").Spot>} */
  const pointers = new Map();
  let isDrag = false;
  /** @type {(event: PointerEvent) => import("./projection.js").Spot} */
  const position = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, position(event));
    if (pointers.size === 1) isDrag = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const from = pointers.get(event.pointerId);
    if (!from) return;
    const to = position(event);
    const before = spread();
    pointers.set(event.pointerId, to);
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) > 1) isDrag = true;
    if (pointers.size === 1) move(dragged(canvas, view, from, to));
    else if (before > 0) move({ zoom: view.zoom + Math.log2(spread() / before) });
  });
  const end = (/** @type {PointerEvent} */ event) => {
    const at = pointers.get(event.pointerId);
    pointers.delete(event.pointerId);
    if (!at || pointers.size > 0) return;
    if (isDrag) moved();
    else pressed(at);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}
