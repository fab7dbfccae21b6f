import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Signer } from "../domain/keys.ts";
import { MillraceError } from "../errors.ts";
import type { Charge, Limiter } from "../ports/limiter.ts";

const MINUTE_MS = 60_000;
/** Wrong passwords per account, from unknown browsers: ten at once, then one every 90 s. */
const PER_ACCOUNT = { limit: 10, perMs: 15 * MINUTE_MS };
/** Attempts per address, for any account. */
const PER_ADDRESS = { limit: 30, perMs: 5 * MINUTE_MS };

/** Redirects to a provider per address. High, because whole offices sign in at nine. */
const DEPARTURES = { limit: 300, perMs: 5 * MINUTE_MS };

/** Emails per recipient: five at once, then one every 12 min. */
const PER_MAILBOX = { limit: 5, perMs: 60 * MINUTE_MS };

export interface Attempt {
  /** Normalized. */
  email: string;
  address: string;
  /** Device token that the browser got when it last logged in. */
  device: string | null;
}

export type LoginLimits = ReturnType<typeof loginLimits>;

/**
 * Slows down password guessing. Strangers cannot lock an account's owner out, because each browser that has logged in
 * before has its own budget.
 */
export function loginLimits(limiter: Limiter, signer: Signer) {
  const deviceText = (email: string, id: string) => `${digest(email)}.${id}`;

  const chargesOf = ({ email, address, device }: Attempt): Charge[] => {
    const known = device === null ? null : knownDevice(email, device);
    const account = known === null ? `login/account/${digest(email)}` : `login/device/${known}`;
    return [
      { key: account, ...PER_ACCOUNT, amount: 1 },
      { key: `login/address/${networkOf(address)}`, ...PER_ADDRESS, amount: 1 },
    ];
  };

  /** Id of a browser that this account has logged in from. */
  function knownDevice(email: string, device: string): string | null {
    const [id, tag] = device.split(".");
    return id && tag && signer.verify(deviceText(email, id), tag) ? id : null;
  }

  return {
    /**
     * Counts an attempt. Rejects with `rate_limited`.
     * @returns undoes the count, for a successful attempt
     */
    async attempt(attempt: Attempt): Promise<() => Promise<void>> {
      const charges = chargesOf(attempt);
      const taken = await limiter.take(charges);
      if (!taken.ok) throw tooMany(taken.waitMs);
      return async () => {
        await Promise.all(charges.map(({ amount, ...budget }) => limiter.correct(budget, -amount)));
      };
    },

    /** Counts a call that costs a hash, an email or a record, by address. Rejects with `rate_limited`. */
    async visit(kind: "register" | "link" | "departure", address: string): Promise<void> {
      const key = `${kind}/address/${networkOf(address)}`;
      const budget = kind === "departure" ? DEPARTURES : PER_ADDRESS;
      const taken = await limiter.take([{ key, ...budget, amount: 1 }]);
      if (!taken.ok) throw tooMany(taken.waitMs);
    },

    /** Whether we may send another email to this recipient. */
    async mayMail(email: string): Promise<boolean> {
      return (await limiter.take([{ key: `mail/${digest(email)}`, ...PER_MAILBOX, amount: 1 }])).ok;
    },

    /** The device token by which a browser is recognized. */
    deviceOf(email: string, id: string): string {
      return `${id}.${signer.sign(deviceText(email, id))}`;
    },
  };
}

function tooMany(waitMs: number): MillraceError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1_000));
  return new MillraceError("rate_limited", `Too many attempts. Try again in ${retryAfter} s.`, {
    retryAfter,
  });
}

/** IPv6 customers get a whole /64, so count by that. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  if (address.toLowerCase().startsWith("::ffff:")) return address.slice("::ffff:".length);
  const [head = "", tail] = address.split("::");
  const before = head.split(":").filter(Boolean);
  const after = tail?.split(":").filter(Boolean) ?? [];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill("0"), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
