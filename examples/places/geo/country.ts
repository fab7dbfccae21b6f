import { readFileSync } from "node:fs";
import papa from "papaparse";
import { metersBetween, type Point } from "./distance.ts";

/** Country for reports, and time zone of opening hours. */
export const TIME_ZONE = "Asia/Seoul";
/** Tolerance for the outline, which is as coarse as a world map: some beaches, piers and small islands are outside. */
const SHORE_M = 5_000;

export type Ring = readonly Point[];

/** Outline of South Korea: one ring for the mainland and one per island. */
export const outline: readonly Ring[] = readOutline();

function readOutline(): Ring[] {
  const text = readFileSync(new URL("../seed/outline.csv", import.meta.url), "utf8");
  const { data } = papa.parse<{ ring: number; longitude: number; latitude: number }>(text, {
    ...{ header: true, dynamicTyping: true, skipEmptyLines: true },
  });
  const rings = Map.groupBy(data, ({ ring }) => ring);
  return [...rings.values()].map((points) =>
    points.map(({ latitude, longitude }) => ({ lat: latitude, lon: longitude })),
  );
}

const bounds = outline.map((ring) => ({
  south: Math.min(...ring.map(({ lat }) => lat)),
  north: Math.max(...ring.map(({ lat }) => lat)),
  west: Math.min(...ring.map(({ lon }) => lon)),
  east: Math.max(...ring.map(({ lon }) => lon)),
}));
/** Slightly more than `SHORE_M` in degrees at these latitudes. */
const NEAR_DEGREES = 0.06;

/** Whether a point is in the country or near its shore. */
export function isInside(point: Point): boolean {
  return outline.some((ring, n) => {
    const { south, north, west, east } = bounds[n]!;
    const isNear =
      point.lat >= south - NEAR_DEGREES &&
      point.lat <= north + NEAR_DEGREES &&
      point.lon >= west - NEAR_DEGREES &&
      point.lon <= east + NEAR_DEGREES;
    return isNear && (isWithin(ring, point) || toShore(ring, point) <= SHORE_M);
  });
}

/** Counts the edges that a ray to the east crosses. An odd number means inside. */
function isWithin(ring: Ring, { lat, lon }: Point): boolean {
  let inside = false;
  for (let n = 0, before = ring.length - 1; n < ring.length; before = n++) {
    const a = ring[n]!;
    const b = ring[before]!;
    if (a.lat > lat === b.lat > lat) continue;
    if (lon < ((b.lon - a.lon) * (lat - a.lat)) / (b.lat - a.lat) + a.lon) inside = !inside;
  }
  return inside;
}

/** Distance to the nearest edge, in meters. */
function toShore(ring: Ring, point: Point): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let n = 0, before = ring.length - 1; n < ring.length; before = n++) {
    nearest = Math.min(nearest, metersBetween(point, nearestOn(ring[before]!, ring[n]!, point)));
  }
  return nearest;
}

/** The nearest point on an edge. Edges are short, so this treats the earth as flat. */
function nearestOn(a: Point, b: Point, { lat, lon }: Point): Point {
  const shrink = Math.cos((lat * Math.PI) / 180);
  const [x, y] = [(b.lon - a.lon) * shrink, b.lat - a.lat];
  const length = x * x + y * y;
  const along = length === 0 ? 0 : ((lon - a.lon) * shrink * x + (lat - a.lat) * y) / length;
  const at = Math.max(0, Math.min(1, along));
  return { lat: a.lat + y * at, lon: a.lon + (b.lon - a.lon) * at };
}
