import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runPipeline } from "../../testing/run-pipeline.ts";
import { createImageConvert } from "./index.ts";
import { manyFrames } from "./test-frames.ts";
import { animation, convert, scene } from "./test-pictures.ts";

const undecodable = (message?: RegExp) => ({
  name: "PermanentError",
  code: "undecodable_file",
  retryable: false,
  message: message ? expect.stringMatching(message) : expect.stringMatching(/^The file .*\.$/),
});
const tooLarge = (message: string) => ({ code: "too_many_pixels", retryable: false, message });

describe("a file that is truncated", () => {
  const sources: Record<string, () => Promise<Buffer>> = {
    JPEG: () => scene(800, 500).jpeg().toBuffer(),
    "progressive JPEG": () => scene(800, 500).jpeg({ progressive: true }).toBuffer(),
    PNG: () => scene(800, 500).png().toBuffer(),
    WebP: () => scene(800, 500).webp().toBuffer(),
    "lossless WebP": () => scene(800, 500).webp({ lossless: true }).toBuffer(),
    AVIF: () => scene(800, 500).avif({ effort: 0 }).toBuffer(),
    "LZW TIFF": () => scene(800, 500).tiff({ compression: "lzw" }).toBuffer(),
    "plain TIFF": () => scene(800, 500).tiff({ compression: "none" }).toBuffer(),
    GIF: () => scene(800, 500).gif().toBuffer(),
    "animated GIF": () => animation("gif", ["#f00", "#0f0", "#00f"]),
    "animated WebP": () => animation("webp", ["#f00", "#0f0", "#00f"]),
    SVG: async () => svg('<rect width="5" height="10"/>'),
  };

  test.each(Object.entries(sources))("%s fails, wherever the cut is", async (_, make) => {
    const data = await make();
    for (const part of [0.1, 0.5, 0.9, 0.98]) {
      const cut = data.subarray(0, Math.floor(data.length * part));
      for (const options of [{ width: 100 }, { format: "png" }]) {
        await expect(convert(cut, options)).rejects.toMatchObject(undecodable());
      }
    }
  });

  test.each(["JPEG", "GIF", "animated GIF", "WebP"])("%s is told to be cut off", async (kind) => {
    const data = await sources[kind]!();
    await expect(convert(data.subarray(0, data.length - 20))).rejects.toMatchObject(
      undecodable(/is truncated/),
    );
  });
});

test.each([
  ["nothing", Buffer.alloc(0), /is empty/],
  ["text", Buffer.from("hello"), /is not a JPEG/],
  ["a PDF", Buffer.from("%PDF-1.4\n"), /is not a JPEG/],
  ["a program", Buffer.from("\x7fELF\x02\x01\x01"), /is not a JPEG/],
  ["compressed text", gzipSync("hello"), /is not a JPEG/],
  ["HTML with an SVG", Buffer.from("<html><svg></svg></html>"), /has no svg element/],
  ["a JPEG's first bytes", Buffer.from([0xff, 0xd8, 0xff]), /is truncated/],
  ["a PNG's first bytes", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), /is (damaged|truncated)/],
  ["a GIF's first bytes", Buffer.from("GIF89a"), /is truncated/],
  ["a TIFF's first bytes", Buffer.from("II*\0"), /is damaged/],
  ["an AVIF's first bytes", Buffer.from("\0\0\0\x14ftypavif\0\0\0\0avif"), /is damaged/],
  ["a RIFF that is no picture", Buffer.from("RIFF\x04\0\0\0WAVE"), /is not a JPEG/],
  [
    "noise behind a magic number",
    Buffer.concat([Buffer.from("RIFF\x10\0\0\0WEBP"), Buffer.alloc(64, 7)]),
    /is damaged/,
  ],
])("%s is no picture", async (_, data, message) => {
  await expect(convert(data)).rejects.toMatchObject(undecodable(message));
});

describe("a bomb", () => {
  test("PNG header of 30,000 × 30,000", async () => {
    const bomb = png(header(30_000, 30_000), chunk("IDAT", deflateSync(Buffer.alloc(1000))));
    await expect(convert(bomb)).rejects.toMatchObject(
      tooLarge("The file has 900 megapixels (30,000 × 30,000). The limit is 50."),
    );
  });

  test("JPEG that says it is 65,500 × 65,500", async () => {
    const data = await scene(64, 64).jpeg().toBuffer();
    const frame = data.indexOf(Buffer.from([0xff, 0xc0]));
    data.writeUInt16BE(65_500, frame + 5);
    data.writeUInt16BE(65_500, frame + 7);
    await expect(convert(data)).rejects.toMatchObject({ code: "too_many_pixels" });
  });

  test.each(["zTXt", "iCCP"])("200 MB of zeros in a PNG's %s", async (type) => {
    const packed = Buffer.concat([Buffer.from("name\0\0", "latin1"), deflateSync(Buffer.alloc(200e6))]);
    const bomb = png(header(1, 1), chunk(type, packed), chunk("IDAT", deflateSync(Buffer.alloc(4))));
    const before = process.resourceUsage().maxRSS;
    const { meta } = await convert(bomb, { keepMetadata: true });
    expect(meta).toMatchObject({ width: 1, height: 1 });
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });

  test("frames of an animation count together", async () => {
    const pipeline = createImageConvert({ maxPixels: 10_000 });
    const data = await animation("gif", ["#f00", "#0f0", "#00f"], { width: 100, height: 50 });
    await expect(convert(data, {}, { pipeline })).rejects.toMatchObject(
      tooLarge(
        "The file has 0.015 megapixels (3 frames of 100 × 50). The limit is 0.01. If you turn off the animation, only the first frame counts.",
      ),
    );
    expect((await convert(data, { animated: false }, { pipeline })).meta).toMatchObject({ frames: 1 });
    expect((await convert(data, { format: "png" }, { pipeline })).meta).toMatchObject({ frames: 1 });
  });

  test.each(["GIF", "WebP", "PNG"] as const)("a %s of 20,000 frames, whatever they cost", async (kind) => {
    const data = await manyFrames(kind, 20_000);
    await expect(convert(data)).rejects.toMatchObject({
      code: "too_many_frames",
      retryable: false,
      message:
        "The file has 20,000 frames. The limit for an animation is 2,000. If you turn off the animation, only the first frame counts.",
    });
    const still = await convert(data, { format: "png" });
    expect(still.meta).toMatchObject({ width: 10, height: 10, frames: 1 });
    expect(still.warned).toContain("frames_dropped");
  });

  test("the watermark may be one", async () => {
    const logo = { name: "logo.png", data: png(header(30_000, 30_000), chunk("IDAT", Buffer.alloc(9))) };
    const options = { watermark: { image: { file: "logo.png" } } };
    const data = await scene(20, 20).png().toBuffer();
    await expect(convert(data, options, { attachments: [logo] })).rejects.toMatchObject(
      tooLarge("The watermark image has 900 megapixels (30,000 × 30,000). The limit is 50."),
    );
  });

  test.each([
    [{ fit: "fill", enlarge: true }, "256 megapixels (16,000 × 16,000)"],
    [{ fit: "contain" }, "256 megapixels (16,000 × 16,000)"],
  ])("enlarging by %j", async (options, extent) => {
    const data = await scene(10, 10).png().toBuffer();
    await expect(convert(data, { width: 16_000, height: 16_000, ...options })).rejects.toMatchObject(
      tooLarge(`The converted image would have ${extent}. The limit is 50.`),
    );
  });

  test("a TIFF whose pages share one long table", { timeout: 20_000 }, async () => {
    await expect(convert(overlappingTiff(1_000, 500_000))).rejects.toMatchObject(undecodable());
  });

  test("a side too long for the format", async () => {
    const data = await scene(20_000, 2).png().toBuffer();
    await expect(convert(data)).rejects.toMatchObject({
      code: "too_many_pixels",
      message: expect.stringContaining("WebP allows at most 16,383 pixels per side"),
    });
    expect((await convert(data, { format: "jpeg" })).meta).toMatchObject({ width: 20_000 });
  });
});

describe("SVG", () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.end("x");
  });
  let origin = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const file = new URL("../../../samples/README.md", import.meta.url).href;
  const external: [string, (target: string) => Buffer][] = [
    ["image", (target) => svg(`<image href="${target}" width="20" height="20"/>`)],
    ["xlink image", (target) => svg(`<image xlink:href="${target}" width="20" height="20"/>`)],
    ["feImage", (target) => svg(`<filter id="f"><feImage href="${target}"/></filter><g filter="url(#f)"/>`)],
    ["use", (target) => svg(`<use href="${target}#a"/>`)],
    ["CSS import", (target) => svg(`<style>@import url("${target}");</style>`)],
    ["CSS fill", (target) => svg(`<path fill="url(${target}#a)" d="M0 0h9v9z"/>`)],
    ["XInclude", (target) => svg(`<text y="15"><xi:include href="${target}" parse="text"/></text>`)],
    ["style sheet", (target) => svg("<g/>", "", `<?xml-stylesheet href="${target}"?>`)],
    ["script", (target) => svg(`<script href="${target}"/>`)],
    ["foreign object", (target) => svg(`<foreignObject><img src="${target}"/></foreignObject>`)],
  ];

  test.each(external)("loads nothing from outside: %s", async (_, make) => {
    for (const target of [`${origin}/a.png`, file, "file:///etc/passwd", "/etc/passwd", "README.md"]) {
      const { data } = await convert(make(target), { format: "png" });
      const { channels } = await sharp(data).stats();
      expect(channels.every((channel) => channel.max === 0)).toBe(true);
    }
    expect(requests).toBe(0);
  });

  test.each(["file:///etc/passwd", "http://127.0.0.1:9/"])("entities of %s are not read", async (target) => {
    const doctype = `<!DOCTYPE svg [<!ENTITY x SYSTEM "${target}">]>`;
    await expect(convert(svg("<text>&x;</text>", "", doctype))).rejects.toMatchObject(undecodable());
  });

  test("a billion laughs", async () => {
    const entities = [..."bcdefghij"].map(
      (name, index) => `<!ENTITY ${name} "${`&${"abcdefghi"[index]};`.repeat(10)}">`,
    );
    const doctype = `<!DOCTYPE svg [<!ENTITY a "ha">${entities.join("")}]>`;
    await expect(convert(svg("<text>&j;</text>", "", doctype))).rejects.toMatchObject(undecodable());
  });

  test.each([
    ["100000", "100000"],
    ["1e9", "1e9"],
    ["8000", "8000"],
  ])("of %s × %s is refused", async (width, height) => {
    const huge = svg("<g/>", `width="${width}" height="${height}"`);
    await expect(convert(huge, { width: 10 })).rejects.toMatchObject({ code: "too_many_pixels" });
  });

  const text = (characters: number) => `<text y="9">${"x".repeat(characters)}</text>`;
  const laughs = `<!DOCTYPE svg [<!ENTITY a "${"ha".repeat(500)}">]>`;
  test.each([
    ["tags", svg("<g/>".repeat(100_001)), /100,003 tags\. The limit for an SVG is 100,000/],
    [
      "nesting",
      svg(`${"<g>".repeat(300)}${"</g>".repeat(300)}`),
      /301 levels of nested elements\. The limit for an SVG is 256/,
    ],
    ["text", svg(text(1_000_000)), /1,000,000 characters of text\. The limit for an SVG is 20,000/],
    ["text in CDATA", svg(`<text><![CDATA[${"x".repeat(20_001)}]]></text>`), /20,001 characters of text/],
    [
      "text by entities",
      svg(`<text>${"&a;".repeat(15)}</text>`, "", laughs),
      /15,0\d\d characters in one run of text\. The limit for an SVG is 2,000/,
    ],
    [
      "filters",
      svg(`<filter>${"<feFlood/>".repeat(101)}</filter>`),
      /101 filter primitives\. The limit for an SVG is 100/,
    ],
  ])("with too much of one thing names the limit: %s", async (_, data, message) => {
    await expect(convert(data)).rejects.toMatchObject(undecodable(message));
  });

  test.each([
    ["a number of 300,000 digits", svg(`<path d="${"1".repeat(300_000)}"/>`)],
    ["90,000 style sheets that do not end", svg("<style>".repeat(90_000))],
  ])("costs no more than its length: %s", { timeout: 20_000 }, async (_, data) => {
    await convert(data).catch((error: unknown) => expect(error).toMatchObject(undecodable()));
  });

  test("within the limits is drawn: styles, descriptions and comments are no text", async () => {
    const silent = `<style>${"/*x*/".repeat(10_000)}</style><!--${"x".repeat(50_000)}-->`;
    const data = svg(`${silent}<desc>${"x".repeat(50_000)}</desc>${text(900)}`);
    expect((await convert(data, { format: "png" })).meta).toMatchObject({ width: 20, height: 20 });
  });

  test("that takes too long to draw is given up, and says so", { timeout: 120_000 }, async () => {
    const blur = '<filter id="f" x="0" y="0" width="1" height="1"><feMorphology radius="400"/></filter>';
    const shapes = '<rect width="4000" height="4000" filter="url(#f)"/>'.repeat(50);
    const data = svg(`${blur}${shapes}`, 'width="4000" height="4000"');
    await expect(convert(data, { width: 4000 })).rejects.toMatchObject({
      ...undecodable(/takes more than 10 s to draw/),
      abandonsWork: true,
    });
  });

  test("with a bomb inside", async () => {
    const bomb = png(header(30_000, 30_000), chunk("IDAT", deflateSync(Buffer.alloc(1000)))).toString(
      "base64",
    );
    const data = svg(`<image href="data:image/png;base64,${bomb}" width="20" height="20"/>`);
    expect((await convert(data, { format: "png" })).meta).toMatchObject({ width: 20, height: 20 });
  });
});

test("a bad file fails alone", async () => {
  const good = await scene(40, 20).jpeg().toBuffer();
  const files = [good, good.subarray(0, 300), good].map((data, index) => ({ name: `${index}.jpg`, data }));
  await using run = await runPipeline(createImageConvert(), { files });
  expect(run.items.map((item) => item.error?.code ?? "ok")).toEqual(["ok", "undecodable_file", "ok"]);
});

function svg(body: string, size = 'width="20" height="20"', before = ""): Buffer {
  const names =
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xi="http://www.w3.org/2001/XInclude"';
  const dimensions = size || 'width="20" height="20"';
  return Buffer.from(`<?xml version="1.0"?>${before}<svg ${names} ${dimensions}>${body}</svg>`);
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

function header(width: number, height: number): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([8, 2], 8);
  return chunk("IHDR", body);
}

function png(...chunks: Buffer[]): Buffer {
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, ...chunks, chunk("IEND", Buffer.alloc(0))]);
}

/** Pages that each claim the whole end of the file as their strip lengths. */
function overlappingTiff(pages: number, lengths: number): Buffer {
  const [entries, head] = [4, 8];
  const size = 2 + entries * 12 + 4;
  const table = head + pages * size;
  const data = Buffer.alloc(table + lengths * 4);
  data.write("II*\0", 0, "latin1");
  data.writeUInt32LE(head, 4);
  for (let page = 0; page < pages; page++) {
    let at = head + page * size;
    at = data.writeUInt16LE(entries, at);
    for (const [tag, count, value] of [
      [256, 1, 9],
      [257, 1, 9],
      [273, lengths, table],
      [279, lengths, table],
    ] as const) {
      at = data.writeUInt16LE(tag, at);
      at = data.writeUInt16LE(4, at);
      at = data.writeUInt32LE(count, at);
      at = data.writeUInt32LE(value, at);
    }
    data.writeUInt32LE(page + 1 < pages ? at + 4 : 0, at);
  }
  return data;
}
