import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";

/**
 * The installation's key, and those that it replaced and that still count, newest first. It is never used itself:
 * each purpose has a key of its own, so that what is signed for one proves nothing to another.
 */
export type Secrets = readonly [current: string, ...previous: string[]];

/**
 * Messages on the bus; hints that a broker delivers; access tokens; what refreshes a session; browsers that an account
 * was used from; links that share files; what the command line says as the operator.
 */
export type Purpose = "bus" | "hint" | "access" | "refresh" | "device" | "share" | "operator";

/** Half of a tag of HMAC-SHA256: to guess one takes 2^127 messages on average (RFC 2104, section 5, allows it). */
const TAG_BYTES = 16;

/** Signs with the current key, and verifies with each that counts. */
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

/** @param name tells apart several keys for one purpose */
export function keyOf(secret: string, purpose: Purpose, name = "v1"): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "millrace", `${purpose} ${name}`, 32));
}

function tagOf(key: KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest().subarray(0, TAG_BYTES);
}
