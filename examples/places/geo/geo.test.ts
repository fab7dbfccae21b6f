import fc from "fast-check";
import { expect, test } from "vitest";
import { seedRows } from "../seed/seed.ts";
import { isInside } from "./country.ts";
import { boxAround, metersBetween } from "./distance.ts";

test("all places of the seed are in the country", () => {
  expect([...seedRows()].filter(([, place]) => !isInside(place)).map(([id]) => id)).toEqual([]);
});

test.each([
  ["Dokdo", 37.2411, 131.8644, true],
  ["Jeju's south", 33.22, 126.56, true],
  ["Pyongyang", 39.02, 125.75, false],
  ["Fukuoka", 33.59, 130.4, false],
  ["Tsushima", 34.4, 129.35, false],
  ["the Yellow Sea", 36, 124.5, false],
  ["nowhere", 0, 0, false],
])("%s (%d, %d): %s", (_, lat, lon, expected) => {
  expect(isInside({ lat, lon })).toBe(expected);
});

test("a degree of latitude is 111.2 km", () => {
  expect(metersBetween({ lat: 37, lon: 127 }, { lat: 38, lon: 127 })).toBeCloseTo(111_195, -1);
});

test("a box holds the whole circle", () => {
  const degrees = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  fc.assert(
    fc.property(
      degrees(-70, 70),
      degrees(-170, 170),
      degrees(1, 50_000),
      degrees(-1, 1),
      degrees(-1, 1),
      (lat, lon, meters, north, east) => {
        const point = { lat: lat + north, lon: lon + east };
        const { south, north: most, west, east: right } = boxAround({ lat, lon }, meters);
        const isIn = point.lat >= south && point.lat <= most && point.lon >= west && point.lon <= right;
        expect(isIn || metersBetween({ lat, lon }, point) > meters).toBe(true);
      },
    ),
  );
});
