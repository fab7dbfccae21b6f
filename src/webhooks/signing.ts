import { createHmac } from "node:crypto";

/**
 * Signature headers according to Standard Webhooks: `v1` is HMAC-SHA256 over id, time and body. There is one signature
 * per key, so that receivers can switch keys at any time during a rotation.
 * @param at time of this attempt, in ms since the epoch
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  keys: readonly Buffer[],
  { id, at, body }: { id: string; at: number; body: string },
): Record<string, string> {
  const time = Math.floor(at / 1_000);
  const sign = (key: Buffer) => createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(time),
    "webhook-signature": keys.map((key) => `v1,${sign(key)}`).join(" "),
  };
}
