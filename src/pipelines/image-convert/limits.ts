export interface ImageConvertLimits {
  /** Pixels per image, counting all frames of an animation. @default 50_000_000 */
  maxPixels: number;
  /** @default 50 */
  maxFiles: number;
  /** @default 20 MiB */
  maxFileBytes: number;
}

export const imageConvertLimits: Readonly<ImageConvertLimits> = {
  maxPixels: 50_000_000,
  maxFiles: 50,
  maxFileBytes: 20 * 1024 * 1024,
};
