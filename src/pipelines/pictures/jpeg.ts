/**
 * Whether a JPEG's last scan ends with an end marker. Walks the markers, because a thumbnail inside a segment has its
 * own end marker.
 */
export function jpegHasEnd(data: Buffer): boolean {
  let at = 2;
  while (at + 1 < data.length) {
    if (data[at] !== 0xff) {
      // Pixel data of a scan, or bytes between segments that decoders skip.
      at = data.indexOf(0xff, at);
      if (at === -1) return false;
      continue;
    }
    const marker = data[at + 1]!;
    if (marker === 0xd9) return true;
    // After the start of a scan, these bytes can only be the end marker, so we can skip the scan's data.
    if (marker === 0xda && data.at(-2) === 0xff && data.at(-1) === 0xd9) return true;
    if (marker === 0xff) at += 1;
    // A stuffed zero, or a marker without a segment.
    else if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (at + 4 > data.length) return false;
    else at += 2 + data.readUInt16BE(at + 2);
  }
  return false;
}

/** Appends an end marker, whose first byte may already be there. */
export function endJpeg(data: Buffer): Buffer {
  const marker = data.at(-1) === 0xff ? [0xd9] : [0xff, 0xd9];
  return Buffer.concat([data, Buffer.from(marker)]);
}
