const TIFF = "http://ns.adobe.com/tiff/1.0/";
const EXIF = "http://ns.adobe.com/exif/1.0/";
const XMP = "http://ns.adobe.com/xap/1.0/";
const GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/";
const CONTAINER = "http://ns.google.com/photos/1.0/container/";
const CAMERA = "http://ns.google.com/photos/1.0/camera/";

/** XMP as text; `null` when it is in no encoding that XMP may have. */
export function xmpText(data: Buffer): string | null {
  const encoding =
    data[0] === 0xfe || data[0] === 0 ? "utf-16be" : data[1] === 0 || data[0] === 0xff ? "utf-16le" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(data).replace(/\0+$/, "");
  } catch {
    return null;
  }
}

/**
 * XMP that fits a picture which has been turned upright and has this size. What describes other data of the old
 * file goes: thumbnails, the gain map and the video that were found beside the picture.
 */
export function fitXmp(xmp: string, { width, height }: { width: number; height: number }): string {
  const values: [namespace: string, property: string, value: string | null][] = [
    [TIFF, "Orientation", "1"],
    [TIFF, "ImageWidth", String(width)],
    [TIFF, "ImageLength", String(height)],
    [EXIF, "PixelXDimension", String(width)],
    [EXIF, "PixelYDimension", String(height)],
    [XMP, "Thumbnails", null],
    [CONTAINER, "Directory", null],
    [GAIN_MAP, "\\w+", null],
    [CAMERA, "(?:MotionPhoto|MicroVideo)\\w*", null],
  ];
  let text = xmp;
  for (const [namespace, property, value] of values) {
    for (const prefix of prefixesOf(text, namespace))
      text = setProperty(text, `${prefix}:${property}`, value);
  }
  return text;
}

/** Whether the file says that a video follows the picture. */
export function hasMotion(xmp: string): boolean {
  return prefixesOf(xmp, CAMERA).some((prefix) =>
    new RegExp(`\\b${prefix}:(MotionPhoto|MicroVideo)(\\s*=\\s*["']|>)\\s*1`).test(xmp),
  );
}

function prefixesOf(xmp: string, namespace: string): string[] {
  const found = xmp.matchAll(/xmlns:([\w-]{1,40})\s*=\s*["']([^"']*)["']/g);
  return [...new Set([...found].filter(([, , uri]) => uri === namespace).map(([, prefix]) => prefix!))];
}

/** Sets a property, written as an attribute or as an element, where it is there; `null` removes it. */
function setProperty(xmp: string, name: string, value: string | null): string {
  const attribute = new RegExp(`(\\s${name}\\s*=\\s*)(?:"[^"]*"|'[^']*')`, "g");
  if (value === null) return withoutElement(xmp.replace(attribute, ""), name);
  const element = new RegExp(`<(${name})(?:\\s[^<>]*)?(?:/>|>[^<]*</${name}\\s*>)`, "g");
  return xmp.replace(attribute, `$1"${value}"`).replace(element, `<$1>${value}</$1>`);
}

/** With all that is in it. Looks for the end of each only once, so that hostile text costs no more than its length. */
function withoutElement(xmp: string, name: string): string {
  const opening = new RegExp(`<(${name})(?=[\\s/>])[^<>]*>`, "g");
  let kept = "";
  let from = 0;
  for (let open = opening.exec(xmp); open; open = opening.exec(xmp)) {
    const closing = `</${open[1]}>`;
    const end = open[0].endsWith("/>")
      ? opening.lastIndex
      : xmp.indexOf(closing, opening.lastIndex) + closing.length;
    // It does not end: the text is no XML, and nothing in it is an element.
    if (end < opening.lastIndex) break;
    kept += xmp.slice(from, open.index);
    from = end;
    opening.lastIndex = end;
  }
  return kept + xmp.slice(from);
}
