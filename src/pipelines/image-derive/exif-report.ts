import readExif from "exif-reader";

export interface ExifReport {
  /** By EXIF tag name. `null` if the file has none. */
  exif: { [tag: string]: string | number | (string | number)[] } | null;
  gps: GpsReport | null;
  /** There is EXIF data, but it could not be read. */
  unreadable: boolean;
}

export interface GpsReport {
  /** In degrees. North and east are positive. */
  latitude: number;
  longitude: number;
  /** In meters above sea level. */
  altitude?: number;
}

const MAX_TAGS = 100;
const MAX_CHARACTERS = 500;
const MAX_NUMBERS = 16;
const NOTHING: ExifReport = { exif: null, gps: null, unreadable: false };

/** An image's EXIF data, without binary values. */
export function exifReport(data: Buffer | undefined): ExifReport {
  if (!data) return NOTHING;
  try {
    const { Image, Photo, GPSInfo } = readExif(data);
    const tags = Object.entries({ ...Image, ...Photo })
      .map(([name, value]) => [name, shown(value)] as const)
      .filter((entry): entry is readonly [string, NonNullable<(typeof entry)[1]>] => entry[1] !== null);
    const gps = gpsOf(GPSInfo);
    if (tags.length === 0) return { exif: null, gps, unreadable: gps === null };
    return { exif: Object.fromEntries(tags.slice(0, MAX_TAGS)), gps, unreadable: false };
  } catch {
    return { ...NOTHING, unreadable: true };
  }
}

function shown(value: unknown): string | number | (string | number)[] | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string") return text(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (!Array.isArray(value)) return null;
  const entries = value.slice(0, MAX_NUMBERS).map(shown);
  return entries.every((entry) => typeof entry === "number" || typeof entry === "string") ? entries : null;
}

/** Removes control characters, with which cameras pad their texts. */
function text(value: string): string | null {
  const plain = value.replace(/[\p{Cc}\p{Cs}]+/gu, " ").trim();
  return plain === "" ? null : plain.slice(0, MAX_CHARACTERS);
}

function gpsOf(tags: Record<string, unknown> | undefined): GpsReport | null {
  const latitude = degrees(tags?.GPSLatitude, tags?.GPSLatitudeRef, "S");
  const longitude = degrees(tags?.GPSLongitude, tags?.GPSLongitudeRef, "W");
  if (latitude === null || longitude === null || Math.abs(latitude) > 90 || Math.abs(longitude) > 180)
    return null;
  const { GPSAltitude: height, GPSAltitudeRef: below } = tags!;
  if (typeof height !== "number" || !Number.isFinite(height)) return { latitude, longitude };
  return { latitude, longitude, altitude: isBelow(below) ? -height : height };
}

function isBelow(reference: unknown): boolean {
  return reference === 1 || (Buffer.isBuffer(reference) && reference[0] === 1);
}

/** Converts degrees, minutes and seconds. */
function degrees(value: unknown, reference: unknown, negative: string): number | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const [whole, minutes = 0, seconds = 0] = value.map(Number);
  const angle = whole! + minutes / 60 + seconds / 3_600;
  if (!Number.isFinite(angle)) return null;
  const signed = typeof reference === "string" && reference.startsWith(negative) ? -angle : angle;
  return Math.round(signed * 1e7) / 1e7;
}
