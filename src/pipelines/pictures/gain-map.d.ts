import "sharp";

/** In sharp since 0.35.0, and in its documentation, but not among its types yet. */
declare module "sharp" {
  interface Sharp {
    /** Resizes and turns the gain map with the picture; JPEG only. Composition is refused. */
    keepGainMap(): Sharp;
    /** Makes a gain map of a picture in scRGB. */
    withGainMap(): Sharp;
  }
}
