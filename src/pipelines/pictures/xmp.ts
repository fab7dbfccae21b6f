const TIFF = "http://ns.adobe.com/tiff/1.0/";
const EXIF = "http://ns.adobe.com/exif/1.0/";
const XMP = "http://ns.adobe.com/xap/1.0/";
const GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/";
const CONTAINER = "http://ns.google.com/photos/1.0/container/";
const CAMERA = "http://ns.google.com/photos/1.0/camera/";

/** Decodes XMP. `null` if its encoding is not allowed for XMP. */
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
 * Adjusts XMP to an upright image of this size. Removes descriptions of data that is gone: thumbnails, gain map and
 * video.
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

/** Whether the file says that a video follows the image. */
export function hasMotion(xmp: string): boolean {
  return prefixesOf(xmp, CAMERA).some((prefix) =>
    new RegExp(`\\b${prefix}:(MotionPhoto|MicroVideo)(\\s*=\\s*["']|>)\\s*1`).test(xmp),
  );
}

function prefixesOf(xmp: string, namespace: string): string[] {
  const found = xmp.matchAll(/xmlns:([\w-]{1,40})\s*=\s*["']([^"']*)["']/g);
  return [...new Set([...found].filter(([, , uri]) => uri === namespace).map(([, prefix]) => prefix!))];
}

/** Sets an existing property, written as an attribute or an element. `null` removes it. */
function setProperty(xmp: string, name: string, value: string | null): string {
  const attribute = new RegExp(`(\\s${name}\\s*=\\s*)(?:"[^"]*"|'[^']*')`, "g");
  if (value === null) return withoutElement(xmp.replace(attribute, ""), name);
  const element = new RegExp(`<(${name})(?:\\s[^<>]*)?(?:/>|>[^<]*</${name}\\s*>)`, "g");
  return xmp.replace(attribute, `$1"${value}"`).replace(element, `<$1>${value}</$1>`);
}

/** Removes elements with their content. Searches each end only once, so that hostile text takes linear time. */
function withoutElement(xmp: string, name: string): string {
  const opening = new RegExp(`<(${name})(?=[\\s/>])[^<>]*>`, "g");
  let kept = "";
  let from = 0;
  for (let open = opening.exec(xmp); open; open = opening.exec(xmp)) {
    const closing = `</${open[1]}>`;
    const end = open[0].endsWith("/>")
      ? opening.lastIndex
      : xmp.indexOf(closing, opening.lastIndex) + closing.length;
    // An unterminated element means that this is not valid XML, so stop.
    if (end < opening.lastIndex) break;
    kept += xmp.slice(from, open.index);
    from = end;
    opening.lastIndex = end;
  }
  return kept + xmp.slice(from);
}
