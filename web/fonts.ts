import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";
import type { Plugin } from "vite";

const family = "Millrace Sans";
const typeface = new URL(
  "../",
  import.meta.resolve("@sun-typeface/suit/fonts/variable/ttf/SUIT-Variable.ttf"),
);
const texts = new URL("src/i18n/", import.meta.url);
/**
 * Western text, without the signs that the typeface draws for Korean: hyphens at the height of capitals, dots in the
 * middle of the line, and arrows like brackets. Those come from the system's typeface.
 */
const latinRange =
  "U+20-2C, U+2E-7E, U+A0-B6, U+B8-17F, U+2013-2022, U+2030-203A, U+20A9, U+20AC, U+2122, U+2212";
const hangulRange = "U+AC00-D7A3";

interface Asset {
  fileName: string;
  source: Uint8Array | string;
}

/**
 * The page's own typeface, SUIT, for Latin and Korean. A visitor loads little of it: the Latin letters, and, where the
 * page is in Korean, the syllables of its own texts. The whole typeface comes only where somebody else's text, such as
 * the name of a file, has another syllable.
 */
export function fonts(): Plugin {
  let made: { latin: Asset; css: Asset } | undefined;
  return {
    name: "fonts",
    apply: "build",
    async generateBundle() {
      const { latin, korean, whole, license } = await makeFonts();
      const css = asset(
        "fonts.css",
        [
          face(whole.fileName, hangulRange),
          // A later rule wins where both have a character.
          face(korean.fileName, rangesOf(koreanSyllables())),
          face(latin.fileName, latinRange),
        ].join("\n"),
      );
      made = { latin, css };
      for (const file of [latin, korean, whole, license, css]) this.emitFile({ type: "asset", ...file });
    },
    transformIndexHtml: {
      order: "post",
      handler() {
        if (!made) return [];
        const font = { rel: "preload", as: "font", type: "font/woff2", crossorigin: "" };
        return [
          { tag: "link", injectTo: "head", attrs: { ...font, href: `/${made.latin.fileName}` } },
          { tag: "link", injectTo: "head", attrs: { rel: "stylesheet", href: `/${made.css.fileName}` } },
        ];
      },
    },
  };
}

async function makeFonts(): Promise<Record<"latin" | "korean" | "whole" | "license", Asset>> {
  const read = (path: string) => readFileSync(new URL(path, typeface));
  const variable = renamed(read("ttf/SUIT-Variable.ttf"));
  const options = {
    targetFormat: "woff2",
    variationAxes: { wght: { min: 400, max: 800 } },
  } as const;
  const cut = (characters: string) => subsetFont(variable, characters, options);
  return {
    latin: asset("latin.woff2", await cut(charactersOf(latinRange))),
    korean: asset("korean.woff2", await cut(koreanSyllables())),
    whole: asset("SUIT.woff2", read("woff2/SUIT-Variable.woff2")),
    license: { fileName: "assets/SUIT-license.txt", source: read("../../LICENSE") },
  };
}

/** Family, unique name, full name, PostScript name and typographic family, as the name table numbers them. */
const NAMES: ReadonlySet<number> = new Set([1, 3, 4, 6, 16]);

/** The license reserves the name for the unmodified typeface: parts of it have another one, of the same length. */
function renamed(font: Buffer): Buffer {
  const copy = Buffer.from(font);
  const tables = Array.from({ length: copy.readUInt16BE(4) }, (_, n) => 12 + n * 16);
  const entry = tables.find((at) => copy.toString("latin1", at, at + 4) === "name");
  if (entry === undefined) throw new Error("The typeface has no table of names.");
  const table = copy.readUInt32BE(entry + 8);
  const texts = table + copy.readUInt16BE(table + 4);
  for (let n = 0; n < copy.readUInt16BE(table + 2); n++) {
    const record = table + 6 + n * 12;
    if (!NAMES.has(copy.readUInt16BE(record + 6))) continue;
    const begin = texts + copy.readUInt16BE(record + 10);
    const text = copy.subarray(begin, begin + copy.readUInt16BE(record + 8));
    // One byte a character, or two.
    const plain = text.toString("latin1").replace("SUIT", "Race").replace("\0S\0U\0I\0T", "\0R\0a\0c\0e");
    text.write(plain, "latin1");
  }
  return copy;
}

/** Named by its content, as the rest of the build: such a file never changes. */
function asset(name: string, source: Uint8Array | string): Asset {
  const hash = createHash("sha256").update(source).digest("hex").slice(0, 10);
  return { fileName: `assets/${name.replace(".", `-${hash}.`)}`, source };
}

function face(fileName: string, range: string): string {
  return `@font-face {
  font-family: "${family}";
  src: url("/${fileName}") format("woff2");
  font-weight: 400 800;
  font-display: swap;
  unicode-range: ${range};
}`;
}

/** Those in the page's Korean texts. */
function koreanSyllables(): string {
  const files = readdirSync(fileURLToPath(texts)).filter((name) => /(^|-)ko\b/.test(name));
  const all = files.map((name) => readFileSync(new URL(name, texts), "utf8")).join("");
  return [...new Set(all.match(/[\uac00-\ud7a3]/g))].sort().join("");
}

function charactersOf(ranges: string): string {
  return ranges
    .split(", ")
    .flatMap((range) => {
      const [first = 0, last = first] = range
        .slice(2)
        .split("-")
        .map((code) => Number.parseInt(code, 16));
      return Array.from({ length: last - first + 1 }, (_, n) => String.fromCharCode(first + n));
    })
    .join("");
}

function rangesOf(characters: string): string {
  return [...characters].map((one) => `U+${one.charCodeAt(0).toString(16).toUpperCase()}`).join(", ");
}
