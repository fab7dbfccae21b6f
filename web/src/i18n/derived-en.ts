export const derivedEn = {
  title: "Images for the web",
  placeholder: "Placeholder",
  colors: "Colors",
  html: "HTML",
  renditions: "Renditions",
  published: "Public addresses",
  private: "Addresses need your sign-in. To use them on a page, publish them.",
  duplicates: (count: number) => (count === 1 ? "1 near-duplicate" : `${count} near-duplicates`),
  noDuplicates: "No near-duplicates among your images",
  duplicateOf: (bits: number) => (bits === 0 ? "Looks the same" : `${bits} of 64 bits differ`),
  openJob: "Open its job",
  camera: "Camera and location",
  place: "Location",
  noExif: "The file has no camera or location data.",
  hash: "Perceptual hash",
};

export type DerivedDictionary = typeof derivedEn;
