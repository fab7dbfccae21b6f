import { expect, test } from "vitest";
import { fitted, MOST_SCALE, panBy, zoomAt } from "./zoom.ts";

const sizes = { frame: { width: 400, height: 300 }, picture: { width: 400, height: 200 } };
const middle = { x: 0, y: 0 };

test("what is under the pointer stays there", () => {
  const point = { x: 100, y: 20 };
  const view = zoomAt(fitted, 4, point, sizes);
  const under = (seen: typeof view) => (point.x - seen.x) / seen.scale;
  expect(view.scale).toBe(4);
  expect(under(view)).toBeCloseTo(under(fitted));
});

test("zooming ends at the fitted picture, and at its limit", () => {
  expect(zoomAt({ scale: 2, x: 80, y: 40 }, 0.1, middle, sizes)).toEqual(fitted);
  expect(zoomAt(fitted, 1_000, middle, sizes).scale).toBe(MOST_SCALE);
});

test("an edge of the picture never comes further in than that of the frame", () => {
  const view = panBy({ scale: 2, x: 0, y: 0 }, 10_000, -10_000, sizes);
  expect(view).toEqual({ scale: 2, x: 200, y: -50 });
  expect(panBy(fitted, 50, 50, sizes)).toEqual(fitted);
});
