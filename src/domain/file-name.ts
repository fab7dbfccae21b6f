const MAX_BYTES = 200;

/**
 * Kinds of files by their usual extension. Anything else after a dot belongs to the name: `John.Smith`, `v1.2`,
 * `photo.final`.
 */
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
 * What may not be in a name: controls (the null byte among them), characters that turn the direction of the
 * text around (so that `exe.jpg` would be shown for `gpj.exe`), and others that nobody sees.
 * The joiners U+200C and U+200D stay: scripts and emoji need them.
 */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;
/** What Windows refuses in a name. */
const REFUSED = /[<>:"|?*]/g;
/** Devices of Windows, with any extension. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)/i;

/**
 * A client's file name made safe for a ZIP, a header and any file system: the last part of the path,
 * in NFC, at most 200 bytes of UTF-8 with its extension kept, never empty. Safe names stay as they are.
 */
export function safeName(raw: string): string {
  const clean = raw.toWellFormed().replace(INVISIBLE, "").normalize("NFC");
  const base = clean.split(/[/\\]/).findLast((part) => trimEnds(part) !== "") ?? "";
  // Guarded again because the cut may lay a device's name bare; it is short then, and the byte has room.
  const [stem, extension] = splitExtension(guard(trimEnds(base.replace(REFUSED, "_")) || "file"));
  return guard(`${shorten(stem, extension)}${extension}`);
}

/** The name of what was made from a file: `tail`, such as `-1.png`, in place of the extension. */
export function derivedName(source: string, tail: string): string {
  const [stem] = splitExtension(source);
  return safeName(`${shorten(stem || "file", tail)}${tail}`);
}

/**
 * The names, each made different from the others by a number before its extension: `a.jpg`, `a (2).jpg`.
 * Case does not count, as on Windows and macOS. The first bearer of a name keeps it.
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

/** Upper case first: it brings more letters together (`ß` and `SS`) than lower case alone. */
function folded(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}

/** Without dots and spaces at both ends: they hide a file, or Windows drops them. */
function trimEnds(name: string): string {
  const dropped = (character: string) => character === "." || /\s/.test(character);
  let start = 0;
  let end = name.length;
  while (start < end && dropped(name.charAt(start))) start++;
  while (end > start && dropped(name.charAt(end - 1))) end--;
  return name.slice(start, end);
}

/** Cuts the stem, for a name that ends in `tail`, between characters as people see them: no emoji falls apart. */
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

/** The one rule of what an extension is: with its dot, or "" where there is none. */
export function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf(".");
  const isKnown = dot > 0 && EXTENSIONS.has(name.slice(dot + 1).toLowerCase());
  return isKnown ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}
