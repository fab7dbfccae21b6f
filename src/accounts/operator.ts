import { randomBytes } from "node:crypto";
import type { Signer } from "../domain/keys.ts";

/*
 * Whoever can read the installation's secret runs the installation, and could sign anything. So the command line
 * authenticates with the secret, and needs no account.
 */

export const OPERATOR_PREFIX = "mro_";
const LIFE_MS = 60_000;
/** Tolerance for clock differences between machines. */
const SKEW_MS = 60_000;

export type OperatorSigner = Pick<Signer, "sign" | "verify">;

export function operatorToken(signer: OperatorSigner, now: number): string {
  const text = `${now + LIFE_MS}.${randomBytes(8).toString("hex")}`;
  return `${OPERATOR_PREFIX}${text}.${signer.sign(text)}`;
}

export function isOperator(token: string, signer: OperatorSigner, now: number): boolean {
  const found = /^(\d{1,15})\.([0-9a-f]{16})\.([\w-]+)$/.exec(token.slice(OPERATOR_PREFIX.length));
  if (!found || !signer.verify(`${found[1]}.${found[2]}`, found[3]!)) return false;
  const expiresAt = Number(found[1]);
  return expiresAt > now - SKEW_MS && expiresAt < now + LIFE_MS + SKEW_MS;
}
