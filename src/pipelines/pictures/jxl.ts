import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Canvas } from "./canvas.ts";
import { cutOff, fileFailure } from "./failure.ts";
import { optionalPackage, packageMissing } from "./optional-package.ts";

interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<object>;
}

/** The parts of `@jsquash/jxl` used here. */
interface JxlDecoder {
  init(module: object): Promise<unknown>;
  default(file: ArrayBuffer): Promise<{ width: number; height: number; data: Uint8ClampedArray }>;
}

const NAME = "@jsquash/jxl/decode.js";
const WASM = "@jsquash/jxl/codec/dec/jxl_dec.wasm";
const NEED = "Reading JPEG XL";

const CONTAINER = Buffer.from("0000000c4a584c200d0a870a", "hex");

export function isJxl(file: Buffer): boolean {
  return file.subarray(0, CONTAINER.length).equals(CONTAINER) || (file[0] === 0xff && file[1] === 0x0a);
}

/** @param admit called with the image's size before decoding */
export async function decodeJxl(
  file: Buffer,
  what: string,
  admit: (width: number, height: number) => Promise<void>,
): Promise<Canvas> {
  const decoder = await loadDecoder();
  const size = jxlSize(file, what);
  await admit(size.width, size.height);
  try {
    const content = new Uint8Array(file).buffer;
    const { data, width, height } = await decoder.default(content);
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, channels: 4 };
  } catch (error) {
    throw fileFailure(error, what);
  }
}

let loading: Promise<JxlDecoder> | null = null;

function loadDecoder(): Promise<JxlDecoder> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<JxlDecoder> {
  const decoder = await optionalPackage<JxlDecoder>(NAME, NEED);
  const wasm = await readFile(fileURLToPath(import.meta.resolve(WASM))).catch(() => {
    throw packageMissing(NAME, NEED);
  });
  // The package builds its result with this browser class.
  (globalThis as { ImageData?: unknown }).ImageData ??= function ImageData(
    data: Uint8ClampedArray,
    width: number,
    height: number,
  ) {
    return { data, width, height };
  };
  // Node has WebAssembly, but its types lack it.
  const { compile } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  await decoder.init(await compile(wasm));
  return decoder;
}

/** Aspect ratios, by their number in the header. */
const RATIOS = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
] as const;
const SIZE_BITS = [9, 13, 18, 30] as const;

/** Size in the codestream's header: ISO/IEC 18181-1, SizeHeader. */
export function jxlSize(file: Buffer, what: string): { width: number; height: number } {
  const codestream = codestreamOf(file);
  // Two bytes of signature, and at most 2 × 37 bits.
  if (!codestream || codestream.length < 12) throw cutOff(what);
  let at = 16;
  const bits = (count: number) => {
    let value = 0;
    for (let bit = 0; bit < count; bit++, at++) value += ((codestream[at >> 3]! >> (at & 7)) & 1) * 2 ** bit;
    return value;
  };
  const isSmall = bits(1) === 1;
  const side = () => (isSmall ? (bits(5) + 1) * 8 : bits(SIZE_BITS[bits(2)]!) + 1);
  const height = side();
  const ratio = bits(3);
  if (ratio === 0) return { width: side(), height };
  const [across, down] = RATIOS[ratio - 1]!;
  return { width: Math.floor((height * across) / down), height };
}

function codestreamOf(file: Buffer): Buffer | null {
  if (file[0] === 0xff) return file;
  for (let at = 0; at + 8 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const body = length === 1 ? at + 16 : at + 8;
    if (type === "jxlc") return file.subarray(body);
    // A partial codestream begins with its number.
    if (type === "jxlp") return file.subarray(body + 4);
    if (length === 0) return null;
    const size = length === 1 ? Number(file.readBigUInt64BE(at + 8)) : length;
    if (size < 8) return null;
    at += size;
  }
  return null;
}
