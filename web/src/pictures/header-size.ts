import type { Size } from "../compare/zoom.ts";

/**
 * Reads an image's size from its first bytes, without decoding. `null` if they do not contain it or the format is not
 * supported here. The server will then report it.
 */
export function headerSize(head: Uint8Array, mediaType: string | null): Size | null {
  const data = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    switch (mediaType) {
      case "image/png":
        return { width: data.getUint32(16), height: data.getUint32(20) };
      case "image/gif":
        return { width: data.getUint16(6, true), height: data.getUint16(8, true) };
      case "image/bmp":
        return { width: Math.abs(data.getInt32(18, true)), height: Math.abs(data.getInt32(22, true)) };
      case "image/jpeg":
        return jpegSize(data);
      case "image/webp":
        return webpSize(data);
      default:
        return null;
    }
  } catch (error) {
    // The data ends before the size.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** From the frame header, after all metadata. */
function jpegSize(data: DataView): Size | null {
  for (let at = 2; ; ) {
    if (data.getUint8(at) !== 0xff) return null;
    const marker = data.getUint8(at + 1);
    // Fill bytes, and markers without a segment.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (isFrame(marker)) return { width: data.getUint16(at + 7), height: data.getUint16(at + 5) };
    else at += 2 + data.getUint16(at + 2);
  }
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function webpSize(data: DataView): Size | null {
  const uint24 = (at: number) => data.getUint16(at, true) + data.getUint8(at + 2) * 65_536;
  switch (data.getUint32(12)) {
    case 0x56503858: // VP8X
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case 0x5650384c: {
      // VP8L: 14 bits each.
      const bits = data.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 0x56503820: // VP8
      return { width: data.getUint16(26, true) & 0x3fff, height: data.getUint16(28, true) & 0x3fff };
    default:
      return null;
  }
}
