import "sharp";

/** sharp has and documents these since 0.35.0, but its types lack them. */
declare module "sharp" {
  interface Sharp {
    /** Resizes and rotates the gain map with the image. JPEG only. Compositing throws an error. */
    keepGainMap(): Sharp;
    /** Creates a gain map from an scRGB image. */
    withGainMap(): Sharp;
  }
}
