import { crc32, deflateSync } from "node:zlib";
import { type ColorCode, isHdr, profileOf, SRGB_PRIMARIES, srgbLight } from "./color-code.ts";
import { type Chromaticities, iccProfile } from "./icc.ts";
import { PNG_SIGNATURE, pngChunk } from "./png.ts";

/** Chunks that describe a PNG's colors. */
const COLOR_CHUNKS: ReadonlySet<string> = new Set(["cICP", "iCCP", "sRGB", "gAMA", "cHRM"]);
/** Tolerances for rounding by writers. Within them, sRGB is meant. */
const [GAMMA_LEEWAY, PRIMARY_LEEWAY] = [0.05, 0.003];
const SRGB_GAMMA = 1 / 2.2;

type Chunks = ReadonlyMap<string, Buffer>;

/**
 * Replaces other color descriptions in a PNG with a profile, because libvips reads nothing else. If there are several,
 * the standard's order applies: `cICP`, profile, `sRGB`, then `gAMA` and `cHRM`.
 */
export function withPngProfile(file: Buffer): { data: Buffer; hdr: boolean } {
  const { found, places, gray, end } = chunksBefore(file);
  const code = codeOf(found);
  const hdr = code !== null && isHdr(code);
  const profile = code
    ? profileOf(code, gray)
    : found.has("iCCP") || found.has("sRGB")
      ? null
      : ofGamma(found, gray);
  // If `cICP` says sRGB, it overrides a profile in the file.
  if (!profile && !(code && found.has("iCCP"))) return { data: file, hdr };
  const kept: Buffer[] = [];
  let from = 0;
  for (const [start, stop] of places) {
    kept.push(file.subarray(from, start));
    from = stop;
  }
  const header = kept.shift() ?? Buffer.alloc(0);
  const rest = [...kept, file.subarray(from)];
  if (!profile) return { data: Buffer.concat([header, ...rest]), hdr };
  const body = Buffer.concat([Buffer.from("file\0\0", "latin1"), deflateSync(profile)]);
  const before = Buffer.concat([header, ...rest]);
  return {
    data: Buffer.concat([before.subarray(0, end), pngChunk("iCCP", body), before.subarray(end)]),
    hdr,
  };
}

/** Color chunks before the pixels, with contents and positions, and the end of the header. */
function chunksBefore(file: Buffer) {
  const found = new Map<string, Buffer>();
  const places: [start: number, stop: number][] = [];
  let at = PNG_SIGNATURE.length;
  while (at + 12 <= file.length) {
    const stop = at + 12 + file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    if (type === "IDAT" || stop > file.length) break;
    if (COLOR_CHUNKS.has(type)) {
      const intact = crc32(file.subarray(at + 4, stop - 4)) === file.readUInt32BE(stop - 4);
      if (intact && !found.has(type)) found.set(type, file.subarray(at + 8, stop - 4));
      places.push([at, stop]);
    }
    at = stop;
  }
  const colorType = file[25];
  return { found, places, gray: colorType === 0 || colorType === 4, end: PNG_SIGNATURE.length + 25 };
}

/** Full range without a matrix, the only combination that a PNG allows. */
function codeOf(found: Chunks): ColorCode | null {
  const code = found.get("cICP");
  if (!code || code.length < 4 || code[2] !== 0 || code[3] !== 1) return null;
  return { primaries: code[0]!, transfer: code[1]! };
}

function ofGamma(found: Chunks, gray: boolean): Buffer | null {
  const gamma = (found.get("gAMA")?.length ?? 0) >= 4 ? found.get("gAMA")!.readUInt32BE(0) / 100_000 : 0;
  const colors = chromaticitiesOf(found.get("cHRM"));
  const usual = gamma === 0 || Math.abs(gamma / SRGB_GAMMA - 1) < GAMMA_LEEWAY;
  if (usual && (gray || !colors)) return null;
  const power = 1 / gamma;
  if (!usual && (power > 255 || power < 1 / 256)) return null;
  const transfer = usual
    ? { table: Array.from({ length: 1_024 }, (_, index) => srgbLight(index / 1_023)) }
    : { power };
  return iccProfile(gray ? null : (colors ?? SRGB_PRIMARIES), transfer);
}

/** `null` for sRGB, and if there are none. */
function chromaticitiesOf(chunk: Buffer | undefined): Chromaticities | null {
  if (!chunk || chunk.length < 32) return null;
  const [whiteX, whiteY, ...rest] = Array.from(
    { length: 8 },
    (_, index) => chunk.readUInt32BE(index * 4) / 100_000,
  );
  const [redX, redY, greenX, greenY, blueX, blueY] = rest;
  const points = [
    [redX!, redY!],
    [greenX!, greenY!],
    [blueX!, blueY!],
    [whiteX!, whiteY!],
  ] as const;
  const isPossible = points.every(([x, y]) => x >= 0 && y > 0 && x + y <= 1);
  const isSrgb = points.every(([x, y], index) => {
    const [ownX, ownY] = SRGB_PRIMARIES[index]!;
    return Math.abs(x - ownX) < PRIMARY_LEEWAY && Math.abs(y - ownY) < PRIMARY_LEEWAY;
  });
  // Three colors on a line do not span a gamut.
  const [[ax, ay], [bx, by], [cx, cy]] = points;
  const area = Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay));
  return isPossible && !isSrgb && area > 1e-4 ? points : null;
}
