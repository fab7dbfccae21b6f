import sharp from "sharp";
import { FONT, FONT_FILE } from "./font.ts";
import type { Warning } from "./warning.ts";

/** Limits per drawing for checking characters and font families. */
const [MAX_CHARACTERS, MAX_FAMILIES] = [64, 16];
/** Unassigned code points, drawn as boxes with four and six digits. */
const [NOWHERE, NOWHERE_HIGH] = ["\u0378", "\u{3fffd}"];
/** Letters in which fonts differ, including a Hangul syllable. */
const PROBE = "Rag&amp;1가";
const GENERIC =
  /^(?:serif|sans-serif|monospace|cursive|fantasy|system-ui|ui-[\w-]+|inherit|initial|unset|revert)$/i;
const TEXT = /<(?:[\w-]{1,40}:)?text[\s>][\s\S]*?<\/(?:[\w-]{1,40}:)?text\s*>/g;
const FAMILY =
  /font-family\s*(?:=\s*(?:"([^"]{1,300})"|'([^']{1,300})')|:\s*((?:'[^']{1,100}'|"[^"]{1,100}"(?=\s*[,;}])|[^;}"'<>]){1,300}))/g;

/** Cached because fonts do not change while the process runs. */
const known = new Map<string, Promise<boolean>>();

/**
 * Warns about text that this machine cannot draw as intended: none of the named fonts is installed, or no font has a
 * character. Load the bundled font first.
 */
export async function fontWarnings(svg: Buffer): Promise<Warning[]> {
  const markup = svg.toString("utf8");
  const text = [...markup.matchAll(TEXT)].map(([element]) => textOf(element)).join("");
  if (text.trim() === "") return [];
  return [...(await missingFamilies(markup)), ...(await missingCharacters(text))];
}

function textOf(element: string): string {
  return element
    .replace(/<[^>]*>/g, "")
    .replace(/&#(?:x([\da-f]{1,6})|(\d{1,7}));/gi, (_, hex?: string, decimal?: string) => {
      const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : "";
    });
}

async function missingFamilies(markup: string): Promise<Warning[]> {
  const lists = [...markup.matchAll(FAMILY)].map(
    ([, double, single, style]) => double ?? single ?? style ?? "",
  );
  const warnings: Warning[] = [];
  for (const list of [...new Set(lists)].slice(0, MAX_FAMILIES)) {
    const names = list
      .replace(/&(?:quot|apos|#34|#39);/g, "")
      .split(",")
      .map((name) => name.replace(/["'!]|important/g, "").trim())
      .filter((name) => name !== "" && !GENERIC.test(name));
    const has = await Promise.all(
      names.map((name) => once(`family ${name.toLowerCase()}`, () => hasFamily(name))),
    );
    if (names.length === 0 || has.includes(true)) continue;
    const message = `Text in ${names.join(", ")} was drawn in another font because this server does not have it.`;
    warnings.push({ code: "font_missing", message });
  }
  return warnings;
}

/** If a font is missing, the text is drawn with the next one in the list. */
async function hasFamily(name: string): Promise<boolean> {
  if (FONT.toLowerCase().startsWith(name.toLowerCase())) return true;
  const [other, own] = await Promise.all([drawn(PROBE, `${name}, ${FONT}`), drawn(PROBE, FONT)]);
  return !other || !own || !other.data.equals(own.data);
}

async function missingCharacters(text: string): Promise<Warning[]> {
  const characters = new Set(text.match(/[\p{L}\p{N}\p{P}\p{S}]/gu)?.filter((one) => one > "\u00a0"));
  const missing: string[] = [];
  for (const character of [...characters].slice(0, MAX_CHARACTERS))
    if (!(await once(`character ${character}`, () => hasCharacter(character)))) missing.push(character);
  if (missing.length === 0) return [];
  const codes = missing
    .slice(0, 5)
    .map((one) => `${one} (U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")})`);
  const more = missing.length > codes.length ? ` and ${missing.length - codes.length} more` : "";
  const message = `No font on this server has ${codes.join(", ")}${more}, so boxes were drawn instead.`;
  return [{ code: "glyphs_missing", message }];
}

/** Characters missing from all fonts are drawn as boxes of the same size and with the same frame. */
async function hasCharacter(character: string): Promise<boolean> {
  const box = await drawn(character.length > 1 ? NOWHERE_HIGH! : NOWHERE!, FONT);
  const glyph = await drawn(character, FONT);
  if (!box || !glyph || box.width !== glyph.width || box.height !== glyph.height) return true;
  const { width, height } = box;
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isFrame = x === 0 || y === 0 || x === width - 1 || y === height - 1;
    if (isFrame && box.data[at] !== glyph.data[at]) return true;
  }
  return false;
}

/** `null` if nothing is visible. */
async function drawn(text: string, font: string) {
  try {
    const image = sharp({ text: { text, font, fontfile: FONT_FILE } }).extractChannel(0);
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch {
    return null;
  }
}

function once(what: string, find: () => Promise<boolean>): Promise<boolean> {
  const found = known.get(what) ?? find();
  if (known.size < 10_000) known.set(what, found);
  return found;
}
