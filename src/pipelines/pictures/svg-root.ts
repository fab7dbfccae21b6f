/** Applies browsers' defaults for the root element, which librsvg lacks. */

/** Default sides of an image that specifies neither. */
const USUAL_SIDES = { width: 300, height: 150 } as const;
const FONT_PIXELS = 16;

interface Root {
  /** With prefix: `svg`, or `s:svg`. */
  name: string;
  /** Range from after the name to before the `>`. */
  start: number;
  end: number;
}

/** Adds the font size, sides and background that browsers would apply to the root. */
export function asBrowsersDo(text: string): string {
  const root = rootOf(text);
  if (!root) return text;
  const attributes = text.slice(root.start, root.end);
  const isEmpty = attributes.endsWith("/");
  const background = isEmpty ? null : backgroundOf(attributes);
  const more = [fontSize(attributes), missingSide(attributes)].filter((one) => one !== null);
  const behind = background === null ? "" : `>${background(root.name)}`;
  return [
    text.slice(0, root.start),
    ...more.map((one) => ` ${one}`),
    attributes,
    behind,
    text.slice(root.end + (behind === "" ? 0 : 1)),
  ].join("");
}

/** Finds the first element if it is `svg`, skipping comments, processing instructions and the doctype. */
function rootOf(text: string): Root | null {
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at)) {
    if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4);
    else if (text.startsWith("<?", at)) at = after(text, "?>", at + 2);
    else if (text.startsWith("<!", at)) at = afterDoctype(text, at + 2);
    else {
      const name = /^<((?:[\w-]+:)?svg)[\s/>]/.exec(text.slice(at, at + 80))?.[1];
      const end = name === undefined ? -1 : endOfTag(text, at);
      return end < 0 ? null : { name: name!, start: at + 1 + name!.length, end };
    }
  }
  return null;
}

function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
}

/** A doctype ends with `>`, except in quoted strings and the internal subset. */
function afterDoctype(text: string, from: number): number {
  let isWithin = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' || character === "'") at = after(text, character, at + 1) - 1;
    else if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4) - 1;
    else if (character === "[") isWithin = true;
    else if (character === "]") isWithin = false;
    else if (character === ">" && !isWithin) return at + 1;
  }
  return text.length;
}

/** Offset of the tag's `>`, skipping quoted values. */
function endOfTag(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' || character === "'") at = after(text, character, at + 1) - 1;
    else if (character === ">") return at;
  }
  return -1;
}

function attributeOf(attributes: string, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  return found ? (found[1] ?? found[2] ?? "").trim() : null;
}

/** librsvg's default is 12 pixels. */
function fontSize(attributes: string): string | null {
  return attributeOf(attributes, "font-size") === null ? `font-size="${FONT_PIXELS}"` : null;
}

/** If one side is missing and there is no view box, librsvg would ignore the other and use the drawing's extent. */
function missingSide(attributes: string): string | null {
  if (attributeOf(attributes, "viewBox") !== null || attributeOf(attributes, "style") !== null) return null;
  const [width, height] = (["width", "height"] as const).map((side) => attributeOf(attributes, side));
  if ((width === null) === (height === null)) return null;
  if ((width ?? height)!.endsWith("%")) return null;
  const side = width === null ? "width" : "height";
  return `${side}="${USUAL_SIDES[side]}"`;
}

/** Draws a background as a rectangle, because librsvg ignores the CSS backgrounds that many programs write. */
function backgroundOf(attributes: string): ((root: string) => string) | null {
  const style = attributeOf(attributes, "style") ?? "";
  const color = /(?:^|;)\s*background(?:-color)?\s*:\s*([#\w\s.,%/()-]{1,80}?)\s*(?:;|$)/i.exec(style)?.[1];
  if (color === undefined || !COLOR.test(color)) return null;
  const box = attributeOf(attributes, "viewBox")
    ?.split(/[\s,]+/)
    .map(Number);
  const area = box?.length === 4 && box.every(Number.isFinite) ? around(box) : WHOLE;
  return (root) => `<${root.replace(/svg$/, "rect")} ${area} style="fill:${color};stroke:none"/>`;
}

const COLOR = /^(?:#[0-9a-f]{3,8}|[a-z]+|(?:rgb|hsl)a?\([^()]*\))$/i;
const WHOLE = 'width="100%" height="100%"';

/** Extends far beyond the view box, which may have another aspect ratio than the image. */
function around([x, y, width, height]: number[]): string {
  const [w, h] = [width! * 100, height! * 100];
  return `x="${x! - w}" y="${y! - h}" width="${w * 2}" height="${h * 2}"`;
}
