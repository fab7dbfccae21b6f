/** The media type of a picture by its first bytes, as the server knows it; `null` for anything else. */
export function sniff(head: Uint8Array): string | null {
  const latin = (start: number, end: number) => String.fromCharCode(...head.subarray(start, end));
  if (latin(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (latin(0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (latin(0, 6) === "GIF87a" || latin(0, 6) === "GIF89a") return "image/gif";
  if (latin(0, 4) === "RIFF" && latin(8, 12) === "WEBP") return "image/webp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(latin(0, 4))) return "image/tiff";
  if (latin(4, 8) === "ftyp") return /^(....)*?avi[fs]/s.test(latin(8, 128)) ? "image/avif" : null;
  const text = new TextDecoder().decode(head).trimStart();
  return text.startsWith("<") && /<([\w-]+:)?svg[\s>]/.test(text) ? "image/svg+xml" : null;
}

export async function mediaTypeOf(file: Blob): Promise<string | null> {
  return sniff(new Uint8Array(await file.slice(0, 4096).arrayBuffer()));
}
