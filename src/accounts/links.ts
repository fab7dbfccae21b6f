import { createHash, randomBytes } from "node:crypto";
import type { LinkRecords } from "../database/account-links.ts";
import type { UserRecords } from "../database/users.ts";
import type { LinkKind, LinkRecord, Role } from "../domain/accounts.ts";
import { newId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";

const HOUR_MS = 3_600_000;

/** How long a link is valid. */
const LIFE_MS: Record<LinkKind, number> = {
  invite: 7 * 24 * HOUR_MS,
  "first-admin": 24 * HOUR_MS,
  reset: HOUR_MS,
  verify: 24 * HOUR_MS,
};

/** Page that a link opens. The token comes after `#`, so browsers send it to no server and no log contains it. */
const PAGES: Record<LinkKind, string> = {
  invite: "/invite",
  "first-admin": "/invite",
  reset: "/reset",
  verify: "/verify",
};

/** A new link of these kinds replaces earlier ones. */
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
  /** Path and fragment, to append to the public URL. */
  path: string;
}

export type Links = ReturnType<typeof createLinks>;

export interface LinkParts {
  records: LinkRecords;
  users: Pick<UserRecords, "hasAdmin">;
  now(): number;
}

/** Links that work once. They contain 256 random bits, of which we store the hash. */
export function createLinks({ records, users, now }: LinkParts) {
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

    /** Looks up an invite. Rejects with `invalid_link`, also for a first admin's link if there is an admin. */
    async invite(token: string): Promise<LinkRecord> {
      const link = await records.get(hashOf(token), ["invite", "first-admin"], now());
      if (!link) throw invalid();
      if (link.kind === "first-admin" && (await users.hasAdmin()))
        throw new MillraceError("invalid_link", "There is an admin already. Ask them for an invite.");
      return link;
    },

    /** Looks up a link without using it up. Rejects with `invalid_link`. */
    async look(token: string, kind: LinkKind): Promise<LinkRecord> {
      const link = await records.get(hashOf(token), [kind], now());
      if (!link) throw invalid();
      return link;
    },

    /** Uses a link up. Rejects with `invalid_link`. */
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
  return new MillraceError("invalid_link", "The link was already used or has expired. Ask for a new one.");
}
