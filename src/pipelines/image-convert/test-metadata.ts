import { crc32 } from "node:zlib";
import sharp from "sharp";
import { scene } from "./test-pictures.ts";

/** A text that occurs nowhere else. */
export const SECRET = "ANNA-0815";

const exif = {
  IFD0: { Make: `${SECRET} works`, Artist: SECRET, Copyright: SECRET, ImageDescription: SECRET },
  IFD2: { BodySerialNumber: SECRET, CameraOwnerName: SECRET, UserComment: SECRET },
  IFD3: {
    GPSLatitudeRef: "N",
    GPSLatitude: "37/1 33/1 59/1",
    GPSLongitudeRef: "E",
    GPSLongitude: "126/1 58/1 41/1",
  },
};

/** With unusual prefixes, and with properties in both notations. */
export const xmp = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  t:Orientation="6" exif:PixelXDimension='320' exif:GPSLatitude="37,33.98N">
<t:ImageWidth>320</t:ImageWidth><t:ImageLength>200</t:ImageLength>
<exif:PixelYDimension>200</exif:PixelYDimension>
<dc:creator><rdf:Seq><rdf:li>${SECRET}</rdf:li></rdf:Seq></dc:creator>
<xmp:Thumbnails><rdf:Alt><rdf:li>AAAA-old-thumbnail</rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;

/** An image with personal metadata and a density of 300. Rotated if the format supports it. */
export async function personal(
  format: "jpeg" | "png" | "webp" | "avif" | "tiff" | "gif" | "svg",
): Promise<Buffer> {
  if (format === "gif") return withGifExtensions(await scene().gif().toBuffer());
  if (format === "svg") {
    return Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="20"><title>${SECRET}</title><metadata>${SECRET}</metadata></svg>`,
    );
  }
  const encoded = scene()
    .withExif(exif)
    .withXmp(xmp)
    .withMetadata({ orientation: 6, density: 300 })
    .toFormat(format, format === "tiff" ? { xres: 300 / 25.4, yres: 300 / 25.4 } : {});
  const data = await encoded.toBuffer();
  if (format === "jpeg") return withJpegSegments(data);
  return format === "png" ? withPngText(data) : data;
}

/** Adds IPTC as Photoshop writes it, and a comment. */
function withJpegSegments(data: Buffer): Buffer {
  const dataset = (number: number, text: string) =>
    Buffer.concat([Buffer.from([0x1c, 2, number, 0, text.length]), Buffer.from(text)]);
  const iptc = Buffer.concat([dataset(80, SECRET), dataset(25, "keyword")]);
  const padded = Buffer.concat([iptc, Buffer.alloc(iptc.length % 2)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(iptc.length);
  const block = Buffer.concat([
    Buffer.from("Photoshop 3.0\x008BIM\x04\x04\x00\x00", "latin1"),
    length,
    padded,
  ]);
  const segments = [segment(0xed, block), segment(0xfe, Buffer.from(`by ${SECRET}`))];
  return Buffer.concat([data.subarray(0, 2), ...segments, data.subarray(2)]);
}

function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

function withPngText(data: Buffer): Buffer {
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(`tEXtAuthor\x00${SECRET}`), Buffer.alloc(4)]);
  chunk.writeUInt32BE(chunk.length - 12);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return Buffer.concat([data.subarray(0, 33), chunk, data.subarray(33)]);
}

/** Adds a comment, and XMP as Adobe writes it, before the first block. */
function withGifExtensions(data: Buffer): Buffer {
  const at = 13 + (data[10]! & 0x80 ? 3 << ((data[10]! & 7) + 1) : 0);
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe, SECRET.length]), Buffer.from(`${SECRET}\x00`)]);
  const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, n) => 255 - n), 0]);
  const packet = Buffer.concat([Buffer.from("\x21\xff\x0bXMP DataXMP", "latin1"), Buffer.from(xmp), trailer]);
  return Buffer.concat([data.subarray(0, at), comment, packet, data.subarray(at)]);
}

/** A photo with a gain map, as phones take them. */
export function withGainMap(): Promise<Buffer> {
  const [width, height] = [64, 32];
  const light = Float32Array.from({ length: width * height * 3 }, (_, n) => ((n / 3) % width) / (width / 3));
  return sharp(light, { raw: { width, height, channels: 3 } })
    .pipelineColourspace("scrgb")
    .withGainMap()
    .jpeg()
    .toBuffer();
}

/** An image whose EXIF data has a thumbnail. It overwrites EXIF data of the same length. */
export async function withThumbnail(format: "jpeg" | "png" | "webp" | "avif"): Promise<Buffer> {
  const filler = { IFD0: { ImageDescription: "x".repeat(500) } };
  const file = await scene(40, 20).toFormat(format).withExif(filler).toBuffer();
  const tiff = tiffOf((await sharp(file).metadata()).exif!);
  const at = file.indexOf(tiff);
  exifWithThumbnail().copy(tiff);
  tiff.copy(file, at);
  if (format === "png") file.writeUInt32BE(crc32(file.subarray(at - 4, at + tiff.length)), at + tiff.length);
  return file;
}

/** The thumbnail in an image's EXIF data. `null` if there is none. */
export async function thumbnailOf(file: Buffer): Promise<string | null> {
  const tiff = tiffOf((await sharp(file).metadata()).exif!);
  const little = tiff.toString("latin1", 0, 2) === "II";
  const u16 = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  return u32(u32(4) + 2 + u16(u32(4)) * 12) === 0 ? null : tiff.toString("latin1");
}

function tiffOf(exif: Buffer): Buffer {
  return exif.subarray(exif.toString("latin1", 0, 4) === "Exif" ? 6 : 0);
}

/** A directory with the maker's name, and one with a thumbnail. */
function exifWithThumbnail(): Buffer {
  const thumbnail = Buffer.from("\xff\xd8 a thumbnail \xff\xd9", "latin1");
  const entry = (tag: number, type: number, count: number, value: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(count, 4);
    bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const u32 = (value: number) => Buffer.from([value, 0, 0, 0]);
  const [maker, second, image] = [26, 34, 64];
  return Buffer.concat([
    Buffer.from("II*\x00\x08\x00\x00\x00\x01\x00", "latin1"),
    entry(0x010f, 2, 6, maker),
    u32(second),
    Buffer.from("Maker\x00\x00\x00\x02\x00", "latin1"),
    entry(0x0201, 4, 1, image),
    entry(0x0202, 4, 1, thumbnail.length),
    u32(0),
    thumbnail,
  ]);
}
