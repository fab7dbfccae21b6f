/** Decoded pixels with 8 bits per channel, not premultiplied: RGBA, or gray and alpha. */
export interface Raster {
  data: Buffer;
  width: number;
  height: number;
  channels: 2 | 4;
}
