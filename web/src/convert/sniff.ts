/** Media type of an image by its first bytes, as the server detects it. `null` for anything else. */
export function sniff(head: Uint8Array): string | null {
  const latin = (start: number, end: number) => String.fromCharCode(...head.subarray(start, end));
  if (latin(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (latin(0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (latin(0, 6) === "GIF87a" || latin(0, 6) === "GIF89a") return "image/gif";
  if (latin(0, 4) === "RIFF" && latin(8, 12) === "WEBP") return "image/webp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(latin(0, 4))) return "image/tiff";
  if (latin(4, 8) === "ftyp") {
    if (/^(....)*?avi[fs]/s.test(latin(8, 128))) return "image/avif";
    return /^(....)*?(hei[cxms]|hev[cxms])/s.test(latin(8, 128)) ? "image/heic" : null;
  }
  if (latin(0, 12) === "\0\0\0\x0cJXL \r\n\x87\n" || latin(0, 2) === "\xff\n") return "image/jxl";
  if (latin(0, 2) === "BM" && head.length >= 26) return "image/bmp";
  if (["\0\0\x01\0", "\0\0\x02\0"].includes(latin(0, 4))) return "image/x-icon";
  // A compressed SVG. The server checks its content.
  if (latin(0, 2) === "\x1f\x8b") return "image/svg+xml";
  const text = textOf(head).trimStart();
  return text.startsWith("<") && /<([\w-]+:)?svg[\s>/]/.test(text) ? "image/svg+xml" : null;
}

function textOf(head: Uint8Array): string {
  const [first, second] = head;
  const little = (first === 0xff && second === 0xfe) || (first === 0x3c && second === 0);
  const big = (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c);
  return new TextDecoder(little ? "utf-16le" : big ? "utf-16be" : "utf-8").decode(head);
}

export async function mediaTypeOf(file: Blob): Promise<string | null> {
  return sniff(await headOf(file));
}

/** Large, because an SVG may begin with a long comment, and a JPEG with a lot of metadata. */
export async function headOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, 256 * 1024).arrayBuffer());
}
