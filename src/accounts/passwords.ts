import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { passwordFault } from "../domain/accounts.ts";
import { MillraceError } from "../errors.ts";
import { commonPasswords } from "./common-passwords.ts";

/** Argon2id with 19 MiB and two passes, the minimum that OWASP recommends. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** A hash that matches no password, but takes as long to check as any other. */
const DECOY = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${unpadded(16)}$${unpadded(32)}`;
/** Concurrent hashes. Each takes one of the four libuv threads, which file I/O also needs. */
const AT_ONCE = 2;
/** Maximum queue length. Beyond it, callers are rejected rather than kept waiting. */
const MOST_WAITING = 100;
const RETRY_S = 5;

export interface Passwords {
  /** Rejects with `weak_password`. */
  hash(password: string, email: string | null): Promise<string>;
  /** `null` stands for an account that has no password or does not exist, and takes just as long. */
  verify(passwordHash: string | null, password: string): Promise<boolean>;
}

export function createPasswords(): Passwords {
  const turns = createTurns();
  return {
    async hash(password, email) {
      const common = await commonPasswords();
      const fault = passwordFault(password, { email, isCommon: (one) => common.has(one) });
      if (fault !== null) {
        throw new MillraceError("weak_password", `The password ${fault}.`, {
          extra: { issues: [{ path: "password", message: fault }] },
        });
      }
      return turns.take(() => hash(password, COST));
    },
    async verify(passwordHash, password) {
      const isRight = await turns.take(() => verify(passwordHash ?? DECOY, password));
      return isRight && passwordHash !== null;
    },
  };
}

function unpadded(bytes: number): string {
  return randomBytes(bytes).toString("base64").replace(/=+$/, "");
}

function createTurns() {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async take<T>(work: () => Promise<T>): Promise<T> {
      if (running >= AT_ONCE) {
        if (waiting.length >= MOST_WAITING) {
          throw new MillraceError(
            "unavailable",
            "Too many people are logging in at once. Try again shortly.",
            {
              retryAfter: RETRY_S,
            },
          );
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else running++;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
