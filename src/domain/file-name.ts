const MAX_BYTES = 200;

/** Known file extensions. Anything else after a dot is part of the name: `John.Smith`, `v1.2`, `photo.final`. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  `
  apng avif avifs bmp cr2 cr3 cur dds dib dng emf eps exr gif hdr heic heif ico j2k jfif jif jp2 jpe jpeg jpf jpg
  jpm jpx jxl jxr mpo nef orf pbm pcx pgm pic png pnm ppm psb psd raf raw rw2 svg svgz tga tif tiff wdp webp wmf xcf
  azw3 cbr cbz chm csv djvu doc docm docx dot dotx epub fb2 hwp hwpx ics key md markdown mobi mht mhtml numbers odg
  odp ods odt pages pdf pot potx pps ppsx ppt pptm pptx ps rtf tex txt tsv vcf vsd vsdx xls xlsb xlsm xlsx xps
  7z ace apk arj br bz2 cab cpio deb dmg gz iso jar lha lz lz4 lzh lzma rar rpm tar tbz2 tgz txz war xz z zip zst
  3g2 3gp aac ac3 aif aiff amr ape asf avi caf flac flv m2ts m4a m4b m4v mid midi mka mkv mov mp2 mp3 mp4 mpeg mpg mts
  oga ogg ogv opus ra rm srt swf ts vob vtt wav webm wma wmv
  bin bak cfg conf css dat db ini geojson glb gltf go gpx graphql h5 htm html ipynb java js json jsonl jsonld kml kmz
  lock log mbox mjs msg eml ndjson npy npz obj otf parquet pem php ply pptx proto py rb rs sh sql sqlite sqlite3 stl
  tmp toml topojson torrent ttc ttf wasm woff woff2 xhtml xml xsd xsl yaml yml bat c cc cpp cs dll exe h hpp jsx tsx
  `
    .trim()
    .split(/\s+/),
);

/**
 * Characters not allowed in a name: control characters (including NUL), those that reverse the text direction (they
 * make `gpj.exe` look like `exe.jpg`), and other invisible ones. The joiners U+200C and U+200D stay, because scripts
 * and emoji need them.
 */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;
/** Characters that Windows does not allow in a name. */
const REFUSED = /[<>:"|?*]/g;
/** Windows device names, with any extension. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)/i;

/**
 * A client's file name made safe for ZIPs, headers and any file system: the last path segment, in NFC, at most 200
 * bytes of UTF-8 with its extension kept, never empty. Safe names do not change.
 */
export function safeName(raw: string): string {
  const clean = raw.toWellFormed().replace(INVISIBLE, "").normalize("NFC");
  const base = clean.split(/[/\\]/).findLast((part) => trimEnds(part) !== "") ?? "";
  // Guards twice, because shortening may expose a device name; the name is short then, so there is room for the extra
  // byte.
  const [stem, extension] = splitExtension(guard(trimEnds(base.replace(REFUSED, "_")) || "file"));
  return guard(`${shorten(stem, extension)}${extension}`);
}

/** The name of a file made from another: `tail`, such as `-1.png`, replaces the extension. */
export function derivedName(source: string, tail: string): string {
  const [stem] = splitExtension(source);
  return safeName(`${shorten(stem || "file", tail)}${tail}`);
}

/**
 * Makes each name unique by adding a number before its extension: `a.jpg`, `a (2).jpg`. Ignores case, as Windows and
 * macOS do. The first file of a name keeps it.
 */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names.map(folded));
  const borne = new Set<string>();
  const lastNumber = new Map<string, number>();
  return names.map((name) => {
    const key = folded(name);
    if (!borne.has(key)) {
      borne.add(key);
      return name;
    }
    const [stem, extension] = splitExtension(name);
    for (let number = (lastNumber.get(key) ?? 1) + 1; ; number++) {
      const candidate = `${stem} (${number})${extension}`;
      if (taken.has(folded(candidate))) continue;
      taken.add(folded(candidate));
      lastNumber.set(key, number);
      return candidate;
    }
  });
}

function guard(name: string): string {
  return DEVICE.test(name) ? `_${name}` : name;
}

/** Uppercase first: it folds more letters together (`ß` and `SS`) than lowercase alone. */
function folded(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}

/** Trims dots and spaces at both ends: a leading dot hides a file, and Windows drops trailing ones. */
function trimEnds(name: string): string {
  const dropped = (character: string) => character === "." || /\s/.test(character);
  let start = 0;
  let end = name.length;
  while (start < end && dropped(name.charAt(start))) start++;
  while (end > start && dropped(name.charAt(end - 1))) end--;
  return name.slice(start, end);
}

/** Cuts the stem of a name that ends in `tail`, at grapheme boundaries, so that no emoji is split. */
function shorten(stem: string, tail: string): string {
  let left = MAX_BYTES - Buffer.byteLength(tail);
  if (Buffer.byteLength(stem) <= left) return stem;
  let kept = "";
  for (const { segment } of graphemes.segment(stem)) {
    left -= Buffer.byteLength(segment);
    if (left < 0) break;
    kept += segment;
  }
  return trimEnds(kept) || "file";
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The only definition of an extension: with its dot, or "" if there is none. */
export function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf(".");
  const isKnown = dot > 0 && EXTENSIONS.has(name.slice(dot + 1).toLowerCase());
  return isKnown ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}
