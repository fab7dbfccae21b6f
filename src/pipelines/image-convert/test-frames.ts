import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { PNG_SIGNATURE, pngChunk } from "../pictures/png.ts";
import { readWebp, writeWebp } from "../pictures/webp.ts";

/** An animation whose frames are one pixel each. */
export async function manyFrames(kind: "GIF" | "WebP" | "PNG", frames: number, side = 10): Promise<Buffer> {
  if (kind === "GIF") return gif(side, frames);
  return kind === "WebP" ? webp(side, frames) : apng(side, frames);
}

function gif(side: number, frames: number): Buffer {
  const head = Buffer.from("GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff", "latin1");
  head.writeUInt16LE(side, 6);
  head.writeUInt16LE(side, 8);
  const frame = Buffer.from("\x21\xf9\x04\0\x01\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x4c\x01\0", "latin1");
  return Buffer.concat([head, ...Array(frames).fill(frame), Buffer.from(";")]);
}

async function webp(side: number, frames: number): Promise<Buffer> {
  const dot = sharp({ create: { width: 1, height: 1, channels: 4, background: "#f00" } });
  const pixels = readWebp(await dot.webp({ lossless: true }).toBuffer()).find(({ type }) => type === "VP8L")!;
  const extended = Buffer.alloc(10);
  extended[0] = 0x12;
  extended.writeUIntLE(side - 1, 4, 3);
  extended.writeUIntLE(side - 1, 7, 3);
  const where = Buffer.alloc(16);
  where.writeUIntLE(10, 12, 3);
  const frame = { type: "ANMF", body: Buffer.concat([where, writeWebp([pixels]).subarray(12)]) };
  return writeWebp([
    { type: "VP8X", body: extended },
    { type: "ANIM", body: Buffer.alloc(6) },
    ...Array<typeof frame>(frames).fill(frame),
  ]);
}

function apng(side: number, frames: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 6, 0, 0, 0], 8);
  // Decoders must not trust the frame count in the file.
  const animation = Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]);
  const dot = deflateSync(Buffer.alloc(5));
  let sequence = 1;
  const more = Array.from({ length: frames - 1 }, () => {
    const control = pngChunk("fcTL", placed(sequence++, 1));
    const number = Buffer.alloc(4);
    number.writeUInt32BE(sequence++, 0);
    return Buffer.concat([control, pngChunk("fdAT", Buffer.concat([number, dot]))]);
  });
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk("IHDR", header),
    pngChunk("acTL", animation),
    pngChunk("fcTL", placed(0, side)),
    pngChunk("IDAT", deflateSync(Buffer.alloc(side * (1 + side * 4)))),
    ...more,
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

function placed(sequence: number, side: number): Buffer {
  const body = Buffer.alloc(26);
  body.writeUInt32BE(sequence, 0);
  body.writeUInt32BE(side, 4);
  body.writeUInt32BE(side, 8);
  body.writeUInt16BE(10, 20);
  body.writeUInt16BE(100, 22);
  return body;
}
