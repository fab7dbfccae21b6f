export interface WebpChunk {
  type: string;
  body: Buffer;
  /** The file ends inside this chunk. */
  cut: boolean;
}

export function readWebp(data: Buffer): WebpChunk[] {
  const chunks: WebpChunk[] = [];
  const end = Math.min(data.length, data.readUInt32LE(4) + 8);
  for (let at = 12; at + 8 <= end; ) {
    const length = data.readUInt32LE(at + 4);
    const body = data.subarray(at + 8, at + 8 + length);
    chunks.push({ type: data.toString("latin1", at, at + 4), body, cut: body.length < length });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

export function webpFrames(data: Buffer): number {
  return data.length < 12 ? 0 : readWebp(data).filter(({ type }) => type === "ANMF").length;
}

/** An animation with only its first frame. */
export function firstWebpFrame(data: Buffer): Buffer {
  const chunks = readWebp(data);
  const first = chunks.findIndex(({ type }) => type === "ANMF");
  return writeWebp(chunks.filter(({ type }, index) => type !== "ANMF" || index === first));
}

export function writeWebp(chunks: readonly { type: string; body: Buffer }[]): Buffer {
  const parts = chunks.flatMap(({ type, body }) => {
    const head = Buffer.alloc(8);
    head.write(type, 0, "latin1");
    head.writeUInt32LE(body.length, 4);
    return [head, body, Buffer.alloc(body.length % 2)];
  });
  const contents = Buffer.concat(parts);
  const head = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  head.writeUInt32LE(contents.length + 4, 4);
  return Buffer.concat([head, contents]);
}

export interface WebpEnd {
  /** Fraction of the file's bytes that arrived, 0 to 1. */
  complete: number;
  /** The file, with the incomplete chunk dropped if it is a frame, or else padded with zeros. */
  mended: Buffer;
}

/** Describes a WebP that is shorter than its header says. `null` if it is complete. */
export function shortWebp(data: Buffer): WebpEnd | null {
  if (data.length < 20) return null;
  const said = data.readUInt32LE(4) + 8;
  if (said <= data.length) return null;
  const chunks = readWebp(data);
  const whole = chunks.filter(({ cut }) => !cut);
  const moves = chunks.some(({ type }) => type === "ANIM");
  // If the file is cut after the pixels, in metadata or padding, the image is complete.
  const pixelsCame = moves
    ? chunks.at(-1)?.type !== "ANMF" || (whole.length === chunks.length && said - data.length <= 1)
    : whole.some(({ type }) => type === "VP8 " || type === "VP8L");
  if (pixelsCame) return { complete: 1, mended: writeWebp(whole) };
  const mended = moves ? writeWebp(whole) : Buffer.concat([data, Buffer.alloc(said - data.length)]);
  return { complete: data.length / said, mended };
}
