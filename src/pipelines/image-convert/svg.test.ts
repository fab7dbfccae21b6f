import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { colourAt, convert } from "./test-pictures.ts";

const svg = (attributes: string, body = '<rect width="50%" height="100%" fill="red"/>') =>
  `<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${body}</svg>`;

describe("lengths are at 96 per inch, as in browsers", () => {
  test.each([
    ['width="1in" height="0.5in"', 96, 48],
    ['width="25.4mm" height="1.27cm"', 96, 48],
    ['width="72pt" height="3pc"', 96, 48],
    ['width="101.6Q" height="48px"', 96, 48],
    ['width="96" height="48"', 96, 48],
    ["width='210mm' height='297mm' viewBox='0 0 210 297'", 794, 1123],
    ['width="10em" height="5em"', 160, 80],
    ['width="10em" height="5em" font-size="10"', 100, 50],
    ['width="8rem" height="4rem"', 128, 64],
    ['width="120"', 120, 150],
    ["height='80px'", 300, 80],
  ])("%s", async (attributes, width, height) => {
    const { meta } = await convert(Buffer.from(svg(attributes)), { format: "png" });
    expect(meta).toMatchObject({ width, height });
  });

  test("inside the drawing too, in attributes and styles", async () => {
    const body =
      '<style>.b { width: 0.5in; height: 1in }</style><rect x="0.5in" width="0.25in" height="1in" fill="red"/><rect class="b" x="0" style="fill: blue"/>';
    const { data } = await convert(Buffer.from(svg('width="96" height="96"', body)), { format: "png" });
    const at = async (x: number) => colourAt(data, (x + 0.5) / 96, 0.5);
    expect(await at(49)).toEqual([255, 0, 0, 255]);
    expect(await at(71)).toEqual([255, 0, 0, 255]);
    expect((await at(72))[3]).toBe(0);
    expect(await at(47)).toEqual([0, 0, 255, 255]);
  });

  test("text that looks like a length is text", async () => {
    const body = (text: string) => `<text y="20" font-size="16">${text}</text>`;
    const draw = async (text: string) =>
      (await convert(Buffer.from(svg('width="90" height="30"', body(text))), { format: "png" })).data;
    expect((await draw("a 5 mm b")).equals(await draw("a 18.9 b"))).toBe(false);
  });
});

describe("what a root does not say is as in browsers", () => {
  const draw = async (text: string) => (await convert(Buffer.from(text), { format: "png" })).data;

  test("the size of its font", async () => {
    const text = (more: string) => svg('width="90" height="30"', `<text y="20" ${more}>Hello</text>`);
    expect((await draw(text(""))).equals(await draw(text('font-size="16"')))).toBe(true);
    const styled = svg(
      'width="90" height="30"',
      '<style>svg{font-size:30px}</style><text y="25">Hello</text>',
    );
    expect((await draw(styled)).equals(await draw(text('font-size="30"').replace('y="20"', 'y="25"')))).toBe(
      true,
    );
  });

  test.each([
    ["with a view box", 'viewBox="10 10 40 40" style="width:80px;height:40px;background:#ff0"', "svg"],
    [
      "of another shape",
      'width="80" height="40" viewBox="0 0 10 10" style="background-color: rgb(255, 255, 0)"',
      "svg",
    ],
    ["with a prefix", "width='80' height='40' style='color:red;background:yellow;'", "s:svg"],
  ])("the color behind it, %s", async (_, attributes, name) => {
    const [, prefix = ""] = /^(\w+):/.exec(name) ?? [];
    const space = prefix ? `xmlns:${prefix}` : "xmlns";
    const style = `<${name.replace("svg", "style")}>rect { stroke: red; stroke-width: 90; fill: blue }</${name.replace("svg", "style")}>`;
    const data = await draw(
      `<${name} ${space}="http://www.w3.org/2000/svg" ${attributes}>${style}</${name}>`,
    );
    for (const x of [0.02, 0.5, 0.98]) expect(await colourAt(data, x, 0.5)).toEqual([255, 255, 0, 255]);
  });

  test.each(["url(a.png)", "none", "transparent", "linear-gradient(red, blue)"])(
    "%s is no color behind it",
    async (value) => {
      const data = await draw(svg(`width="80" height="40" style="background:${value}"`));
      expect((await colourAt(data, 0.9, 0.5))[3]).toBe(0);
    },
  );
});

test.each([
  [
    "a prefix",
    '<s:svg xmlns:s="http://www.w3.org/2000/svg" width="40" height="30"><s:rect width="40" height="30"/></s:svg>',
  ],
  ["Korean in its first bytes", `<svg id="그림" xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>`],
  [
    "a long document type",
    `<!DOCTYPE svg [${'<!ENTITY a "x>">'.repeat(200)}]>${svg('width="40" height="30"')}`,
  ],
  [
    "an instruction that names a root",
    `<?x <svg width="1"> ?><!-- <svg> -->${svg('width="40" height="30"')}`,
  ],
])("a root with %s is found", async (_, text) => {
  const { meta } = await convert(Buffer.from(text), { format: "png" });
  expect(meta).toMatchObject({ width: 40, height: 30 });
});

test.each([
  ['width="0" height="0" viewBox="0 0 9 9"', "", /has no size: give its svg element a width and a height/],
  ['width="9" height="9"', "<inkscape:x/>", /Namespace prefix inkscape on x is not defined/],
])("what is wrong with %s is said", async (attributes, body, message) => {
  await expect(convert(Buffer.from(svg(attributes, body)), { format: "png" })).rejects.toThrow(message);
});

describe("every encoding of the file", () => {
  const plain = svg('width="40" height="30"');
  const korean = svg('width="40" height="30"', '<!-- 그림 --><rect width="20" height="30" fill="red"/>');
  test.each<[string, Buffer]>([
    ["UTF-16", Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${korean}`, "utf16le")],
    ["UTF-16, big-endian", Buffer.from(`\ufeff${korean}`, "utf16le").swap16()],
    ["UTF-16 without a mark", Buffer.from(`<?xml version="1.0" encoding="utf-16"?>${plain}`, "utf16le")],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${korean}`)],
    ["Latin-1", Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?><!-- é -->${plain}`, "latin1")],
    ["a long comment", Buffer.from(`<?xml version="1.0"?>\n<!-- ${"x".repeat(20_000)} -->\n${plain}`)],
    ["many comments", Buffer.from(`${"<!-- a --> \n".repeat(500)}${plain}`)],
    ["gzip", gzipSync(plain)],
    ["gzip of UTF-16", gzipSync(Buffer.from(`\ufeff${korean}`, "utf16le"))],
  ])("%s", async (_, data) => {
    const { data: png, meta } = await convert(data, { format: "png" });
    expect(meta).toMatchObject({ width: 40, height: 30 });
    expect(await colourAt(png, 0.25, 0.5)).toEqual([255, 0, 0, 255]);
    expect((await colourAt(png, 0.75, 0.5))[3]).toBe(0);
  });

  test("a compressed one that grows beyond the limit, or is cut off, says so", async () => {
    const bomb = gzipSync(svg("", `<!-- ${" ".repeat(70e6)} -->`));
    await expect(convert(bomb)).rejects.toMatchObject({
      message: "The file is larger than 64 MiB when decompressed, the limit for an SVG.",
    });
    const packed = gzipSync(plain);
    await expect(convert(packed.subarray(0, packed.length - 12))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The file is damaged: it cannot be decompressed\. Upload an intact copy/,
      ),
    });
  });
});

test("text is drawn alike before and after a text watermark, without any font of the system's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "no-fonts-"));
  try {
    const config = join(folder, "fonts.conf");
    await writeFile(config, `<?xml version="1.0"?><fontconfig><cachedir>${folder}</cachedir></fontconfig>`);
    const module = new URL("./test-pictures.ts", import.meta.url).href;
    const text = svg(
      'width="200" height="60"',
      '<text x="9" y="40" font-size="32" font-family="Arial">Hello 한글</text>',
    );
    const code = `const { convert } = await import(${JSON.stringify(module)});
      const draw = async () => (await convert(Buffer.from(${JSON.stringify(text)}), { format: "png" })).data.toString("base64");
      const before = await draw();
      await convert(Buffer.from(${JSON.stringify(svg('width="90" height="90"'))}), { watermark: { text: "mark" } });
      process.stdout.write(JSON.stringify([before, await draw()]));`;
    const child = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, FONTCONFIG_FILE: config },
      maxBuffer: 10e6,
    });
    const [before, after] = JSON.parse(child.stdout) as string[];
    expect(after).toBe(before);
    // Letters cover less than boxes with frames would, and Korean ones differ from Latin ones.
    const { channels } = await sharp(Buffer.from(before!, "base64")).stats();
    expect(channels[3]!.mean).toBeGreaterThan(5);
  } finally {
    await rm(folder, { recursive: true });
  }
});
