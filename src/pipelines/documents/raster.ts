/** A page as an image. */
export interface Raster {
  /** One byte per pixel. 0 is black. */
  data: Buffer;
  width: number;
  height: number;
  dpi: number;
}
