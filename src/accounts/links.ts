import { createHash, randomBytes } from "node:crypto";
import type { LinkRecords } from "../database/account-links.ts";
import type { LinkKind, LinkRecord, Role } from "../domain/accounts.ts";
import { newId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";

const HOUR_MS = 3_600_000;

/** How long a link counts. */
const LIFE_MS: Record<LinkKind, number> = {
  invite: 7 * 24 * HOUR_MS,
  "first-admin": 24 * HOUR_MS,
  reset: HOUR_MS,
  verify: 24 * HOUR_MS,
};

/** The page that a link opens. The token stands behind the `#`, which browsers send to no server and no log sees. */
const PAGES: Record<LinkKind, string> = {
  invite: "/invite",
  "first-admin": "/invite",
  reset: "/reset",
  verify: "/verify",
};

/** A new one of these takes the place of those before it. */
const REPLACING: ReadonlySet<LinkKind> = new Set(["reset"]);

export interface NewLink {
  kind: LinkKind;
  userId?: string | null;
  email?: string | null;
  role?: Role;
  createdBy?: string | null;
}

export interface MadeLink {
  link: LinkRecord;
  token: string;
  /** Path and fragment, to be put behind the public address. */
  path: string;
}

export type Links = ReturnType<typeof createLinks>;

/** Links that work once. They hold 256 random bits, of which the records keep the hash. */
export function createLinks(records: LinkRecords, now: () => number) {
  return {
    async make({
      kind,
      userId = null,
      email = null,
      role = "user",
      createdBy = null,
    }: NewLink): Promise<MadeLink> {
      const token = randomBytes(32).toString("base64url");
      const time = now();
      const expiresAt = time + LIFE_MS[kind];
      const link = { id: newId(time), kind, userId, email, role, createdBy, createdAt: time, expiresAt };
      await records.create(link, hashOf(token), time, REPLACING.has(kind));
      return { link, token, path: `${PAGES[kind]}#${token}` };
    },

    /** What an invite promises. Rejects with `invalid_link`. */
    async invite(token: string): Promise<LinkRecord> {
      const link = await records.get(hashOf(token), ["invite", "first-admin"], now());
      if (!link) throw invalid();
      return link;
    },

    /** Who holds the token of such a link, before it is used up. Rejects with `invalid_link`. */
    async look(token: string, kind: LinkKind): Promise<LinkRecord> {
      const link = await records.get(hashOf(token), [kind], now());
      if (!link) throw invalid();
      return link;
    },

    /** Uses it up. Rejects with `invalid_link`. */
    async use(token: string, kind: LinkKind): Promise<LinkRecord> {
      const link = await records.use(hashOf(token), kind, now());
      if (!link) throw invalid();
      return link;
    },

    invites: (query: { after?: string; limit: number }) =>
      records.list({ kind: "invite", now: now(), ...query }),

    async revokeInvite(id: string): Promise<void> {
      if (await records.remove(id, "invite")) return;
      throw new MillraceError("not_found", "There is no such invite.");
    },
  };
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function invalid(): MillraceError {
  return new MillraceError(
    "invalid_link",
    "The link was used already, or its time is over. Ask for a new one.",
  );
}
