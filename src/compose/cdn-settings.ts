import { z } from "zod";

const api = z.url({ protocol: /^https?$/ }).optional();
const name = z.string().min(1).max(200);

/** Settings for purging published files from a CDN: the network, and what its API needs. */
export const cdnSettings = z.discriminatedUnion("network", [
  z.strictObject({
    network: z.literal("cloudfront"),
    distribution: name,
    credentials: z.strictObject({ accessKeyId: name, secretAccessKey: name }).optional(),
    api,
  }),
  z.strictObject({
    network: z.literal("cloudflare"),
    zone: name,
    token: name,
    batch: z.int().min(1).max(500).optional(),
    api,
  }),
  z.strictObject({ network: z.literal("fastly"), service: name, token: name, api }),
  z.strictObject({
    network: z.literal("generic"),
    headers: z.record(z.string(), z.string()).optional(),
    api,
  }),
]);

export type CdnSettings = z.output<typeof cdnSettings>;
