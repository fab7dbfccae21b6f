import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";

/**
 * The installation's key, and the earlier ones that are still valid, newest first. It is never used directly: each
 * purpose derives its own key, so that a signature for one purpose is worthless for another.
 */
export type Secrets = readonly [current: string, ...previous: string[]];

/**
 * What a key is for: messages on the bus; hints that a broker delivers; access tokens; refresh tokens; known browsers
 * of an account; links that share files; requests of the command line as the operator; sealing of webhook secrets.
 */
export type Purpose = "bus" | "hint" | "access" | "refresh" | "device" | "share" | "operator" | "webhook";

/** Half an HMAC-SHA256 tag: guessing one takes 2^127 messages on average (RFC 2104, section 5, allows it). */
const TAG_BYTES = 16;

/** Signs with the current key, and verifies with every valid one. */
export interface Signer {
  sign(text: string): string;
  verify(text: string, tag: string): boolean;
}

export function signer(secrets: Secrets, purpose: Purpose): Signer {
  const keys = secrets.map((secret) => derive(secret, purpose)) as [KeyObject, ...KeyObject[]];
  return {
    sign: (text) => tagOf(keys[0], text).toString("base64url"),
    verify(text, tag) {
      const given = Buffer.from(tag, "base64url");
      return given.length === TAG_BYTES && keys.some((key) => timingSafeEqual(tagOf(key, text), given));
    },
  };
}

/** A key for one purpose, by HKDF (RFC 5869). */
function derive(secret: string, purpose: Purpose): KeyObject {
  return createSecretKey(keyOf(secret, purpose));
}

/** @param name distinguishes several keys for one purpose */
export function keyOf(secret: string, purpose: Purpose, name = "v1"): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "millrace", `${purpose} ${name}`, 32));
}

function tagOf(key: KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest().subarray(0, TAG_BYTES);
}
