/** Decoded pixels, 8 bits a channel, not premultiplied: RGBA, or grey and alpha. */
export interface Raster {
  data: Buffer;
  width: number;
  height: number;
  channels: 2 | 4;
}
