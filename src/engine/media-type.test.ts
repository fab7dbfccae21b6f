import { gzipSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { HEAD_BYTES, mediaTypeOf } from "./media-type.ts";

const of = (text: string) => mediaTypeOf(Buffer.from(text));

describe("pictures", () => {
  const picture = sharp({ create: { width: 32, height: 16, channels: 3, background: "teal" } });

  test.each([
    ["jpeg", "image/jpeg"],
    ["png", "image/png"],
    ["webp", "image/webp"],
    ["avif", "image/avif"],
    ["gif", "image/gif"],
    ["tiff", "image/tiff"],
  ] as const)("%s", async (format, mediaType) => {
    const bytes = await picture.clone().toFormat(format).toBuffer();
    expect(await mediaTypeOf(bytes)).toBe(mediaType);
    expect(await mediaTypeOf(bytes.subarray(0, 40))).not.toBe("text/plain");
  });

  test.each(["none", "lzw", "jpeg"] as const)(
    "a TIFF (%s) whose directory stands at its end",
    async (compression) => {
      const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
      const create = { width: 800, height: 400, channels: 3, background: "teal", noise } as const;
      const bytes = await sharp({ create }).tiff({ compression }).toBuffer();
      expect(bytes.readUInt32LE(4)).toBeGreaterThan(HEAD_BYTES);
      expect(await mediaTypeOf(bytes.subarray(0, HEAD_BYTES))).toBe("image/tiff");
    },
  );

  test("a PNG that begins with a chunk of 2 MiB", async () => {
    const bytes = await picture.clone().png().toBuffer();
    const chunk = Buffer.alloc(HEAD_BYTES);
    chunk.writeUInt32BE(2 * 1024 * 1024);
    chunk.write("tEXt", 4);
    const head = Buffer.concat([bytes.subarray(0, 33), chunk]);
    expect(await mediaTypeOf(head)).toBe("image/png");
  });

  test("an AVIF whose first brand is the general one", async () => {
    const box = Buffer.from("\0\0\0\u001cftypmif1\0\0\0\0mif1avifmiaf", "latin1");
    expect(await mediaTypeOf(Buffer.concat([box, Buffer.alloc(100)]))).toBe("image/avif");
  });
});

describe("SVG", () => {
  test.each([
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "\ufeff  <svg>",
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n<svg width="1"></svg>',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg>',
    '<!DOCTYPE svg [ <!ENTITY a "b>]"> <!-- > --> ]><svg:svg xmlns:svg="http://www.w3.org/2000/svg">',
    "<?xml version='1.0'?><?xml-stylesheet href='a.css'?><!-- <html> --><svg/>",
  ])("%s", async (text) => {
    expect(await of(text)).toBe("image/svg+xml");
  });

  test("in Latin-1", async () => {
    const bytes = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><!-- é --><svg/>', "latin1");
    expect(await mediaTypeOf(bytes)).toBe("image/svg+xml");
  });

  const plain = '<svg xmlns="http://www.w3.org/2000/svg"/>';

  test("after a long comment", async () => {
    expect(await of(`<?xml version="1.0"?><!-- ${"license ".repeat(5_000)} -->${plain}`)).toBe(
      "image/svg+xml",
    );
  });

  test.each([
    ["little-endian", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
    ["big-endian", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
    ["without a byte order mark", (text: string) => Buffer.from(text, "utf16le")],
  ])("in UTF-16, %s", async (_, encode) => {
    const declared = `<?xml version="1.0" encoding="UTF-16"?><!-- é -->${plain}`;
    expect(await mediaTypeOf(encode(declared))).toBe("image/svg+xml");
    expect(await mediaTypeOf(encode("<html><svg/></html>"))).not.toBe("image/svg+xml");
  });

  test("compressed", async () => {
    const noise = Array.from({ length: 50_000 }, (_, index) => `<path d="M${index ** 2} 0"/>`).join("");
    for (const text of [plain, plain.replace("/>", `>${noise}</svg>`)]) {
      expect(await mediaTypeOf(gzipSync(text).subarray(0, HEAD_BYTES))).toBe("image/svg+xml");
    }
    expect(await mediaTypeOf(gzipSync("<html><svg/></html>"))).toBe("application/gzip");
  });

  test.each([
    "<!DOCTYPE html><html><body><svg></svg></body></html>",
    "<!DOCTYPE html><svg></svg>",
    "<html><svg/></html>",
    "<!-- <svg> -->",
    "<svgfoo>",
    "<!-- never ended <svg>",
    '<?xml version="1.0"?><rss><svg/></rss>',
    "see <svg>",
  ])("not: %s", async (text) => {
    expect(await of(text)).toBe("text/plain");
  });
});

describe("text and documents", () => {
  test.each([
    ["Hello\r\n\tworld\n", "text/plain"],
    ['{"a": [1, 2]}', "text/plain"],
    ["안녕하세요", "text/plain"],
    ["BMW builds cars", "text/plain"],
    ["MZ is a prefix", "text/plain"],
    ["%PDF-1.7\n1 0 obj", "application/pdf"],
  ])("%j is %s", async (text, mediaType) => {
    expect(await of(text)).toBe(mediaType);
  });

  test.each([
    ["empty", ""],
    ["a null byte", "a\0b"],
    ["an escape", "\u001b[31m"],
  ])("%s is not known", async (_, text) => {
    expect(await of(text)).toBeNull();
  });

  test("a character may be cut by the sample's end, but not by the file's", async () => {
    const long = Buffer.from("한".repeat(HEAD_BYTES));
    expect(await mediaTypeOf(long)).toBe("text/plain");
    expect(await mediaTypeOf(long.subarray(0, HEAD_BYTES))).toBe("text/plain");
    expect(await mediaTypeOf(long.subarray(0, 100))).toBeNull();
  });
});

test("any bytes have an answer", async () => {
  const magic = fc.constantFrom(
    "",
    "\u001f\u008b\b\0",
    "\u00ff\u00fe<\0",
    "\u0089PNG\r\n\u001a\n",
    "\u00ff\u00d8\u00ff",
    "GIF89a",
    "II*\0",
    "RIFF",
    "PK\u0003\u0004",
    "%PDF-",
    "<svg",
    "<!DOCTYPE svg [",
    "\0\0\0\u0018ftypavif",
  );
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 5_000 }), async (start, rest) => {
      const type = await mediaTypeOf(Buffer.concat([Buffer.from(start, "latin1"), rest]));
      expect(type === null || /^[\w.+-]+\/[\w.+-]+$/.test(type)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
