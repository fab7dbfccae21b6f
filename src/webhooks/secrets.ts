import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { keyOf, type Secrets } from "../domain/keys.ts";
import type { SealedSecret } from "../domain/webhooks.ts";
import { MillraceError } from "../errors.ts";

/** Size of a signing secret. Standard Webhooks requires 24 to 64. */
const SECRET_BYTES = 32;
const PREFIX = "whsec_";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** How long a replaced secret keeps signing, by default. */
export const USUAL_GRACE_HOURS = 24;
export const LONGEST_GRACE_HOURS = 7 * 24;

export type SecretBox = ReturnType<typeof secretBox>;

/**
 * Encrypts signing secrets with the installation's key (AES-256-GCM). They cannot be hashed, because signing needs the
 * plain text.
 */
export function secretBox(secrets: Secrets) {
  const keys = secrets.map((secret) => keyOf(secret, "webhook")) as [Buffer, ...Buffer[]];

  const open = (sealed: string): string => {
    const bytes = Buffer.from(sealed, "base64url");
    for (const key of keys) {
      try {
        const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
        cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const text = cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([text, cipher.final()]).toString();
      } catch {
        // It may be encrypted with the previous key.
      }
    }
    throw new MillraceError(
      "internal",
      "The signing secret cannot be read because the installation's key was replaced. Rotate the webhook's secret.",
    );
  };

  return {
    /** Creates a secret: as its owner sees it, and as it is stored. */
    make(): { secret: string; sealed: SealedSecret } {
      const secret = PREFIX + randomBytes(SECRET_BYTES).toString("base64");
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", keys[0], nonce);
      const text = Buffer.concat([cipher.update(secret), cipher.final()]);
      const sealed = Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64url");
      return { secret, sealed: { sealed, until: null } };
    },

    /** The keys that sign at a given time, the current one first. */
    signing: (kept: readonly SealedSecret[], now: number): Buffer[] =>
      kept
        .filter(({ until }) => until === null || until > now)
        .map(({ sealed }) => Buffer.from(open(sealed).slice(PREFIX.length), "base64")),
  };
}
