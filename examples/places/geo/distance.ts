/** A point on the earth, in degrees. */
export interface Point {
  lat: number;
  lon: number;
}

/** Mean radius of the earth in meters. */
const EARTH_M = 6_371_008.8;
const RADIANS = Math.PI / 180;
/** Meters per degree of latitude. */
const METERS_A_DEGREE = EARTH_M * RADIANS;

/** Great-circle distance in meters (haversine formula). */
export function metersBetween(a: Point, b: Point): number {
  const half = (degrees: number) => Math.sin((degrees * RADIANS) / 2) ** 2;
  const chord =
    half(b.lat - a.lat) + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * half(b.lon - a.lon);
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

export interface Box {
  south: number;
  north: number;
  west: number;
  east: number;
}

/** A box that contains all points within `meters` of `center`, and some more. Not for poles or the date line. */
export function boxAround(center: Point, meters: number): Box {
  // Slightly enlarged, for rounding here and in a database.
  const lat = (meters * 1.001 + 1) / METERS_A_DEGREE;
  // A circle is widest on the side toward the pole.
  const widest = Math.min(89, Math.abs(center.lat) + lat);
  const lon = lat / Math.cos(widest * RADIANS);
  return {
    ...{ south: center.lat - lat, north: center.lat + lat },
    ...{ west: center.lon - lon, east: center.lon + lon },
  };
}

/** Cell of the grid on which reports are counted: a hundredth of a degree, about a kilometer. */
export function cellOf({ lat, lon }: Point): string {
  return `${Math.floor(lat * 100)}:${Math.floor(lon * 100)}`;
}
