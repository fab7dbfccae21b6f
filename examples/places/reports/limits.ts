/** All limits of reports. */
export const limits = {
  /** Reports per user in 24 hours. Further ones are rejected. */
  userReports: 20,
  /** New places per cell of the map in 24 hours. Further ones wait for a moderator. */
  cellPlaces: 30,
  /** Maximum number of differing bits, out of 64, between perceptual hashes of the same scene. */
  photoBits: 10,
} as const;

export const DAY_MS = 24 * 3_600_000;
