export const checksumAlgorithms = ["sha1", "sha256", "md5"] as const;

export interface Checksum {
  algorithm: (typeof checksumAlgorithms)[number];
  digest: Buffer;
}
