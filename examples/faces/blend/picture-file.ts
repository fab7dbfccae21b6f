import sharp from "sharp";

/** Labels for the file that say how the image was made (IPTC, Digital Source Type). */
export const sourceTypes = {
  /** A composite of photos. */
  composite: "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture",
  /** Drawn by a model from a composite. */
  drawn: "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
} as const;

export const NOTICE = "An illustration, not a prediction.";

const QUALITY = 90;

/** Encodes a JPEG with XMP that marks it as a composite, and without the portraits' metadata. */
export async function compositeJpeg(pixels: Uint8Array, size: number): Promise<Buffer> {
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .withXmp(xmpOf("composite"))
    .jpeg({ quality: QUALITY, chromaSubsampling: "4:4:4" })
    .toBuffer();
}

export function xmpOf(kind: keyof typeof sourceTypes): string {
  return `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
        xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"
        Iptc4xmpExt:DigitalSourceType="${sourceTypes[kind]}">
      <dc:description><rdf:Alt><rdf:li xml:lang="x-default">${NOTICE}</rdf:li></rdf:Alt></dc:description>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`;
}
