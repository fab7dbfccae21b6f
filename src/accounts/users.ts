import type { UserChange, UserRecords } from "../database/users.ts";
import {
  type LinkRecord,
  normalEmail,
  type Registration,
  type Role,
  type UserRecord,
  type UserState,
} from "../domain/accounts.ts";
import { newId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";
import { hashOf, type Links } from "./links.ts";
import type { Passwords } from "./passwords.ts";

const MOST_NAME_CHARACTERS = 100;

export interface NewAccount {
  email: string;
  password: string;
  name?: string;
  /** Token of an invite. */
  invite?: string;
}

export interface UserParts {
  users: UserRecords;
  passwords: Passwords;
  links: Links;
  registration: Registration;
  now(): number;
}

export type Users = ReturnType<typeof createUsers>;

export function createUsers({ users, passwords, links, registration, now }: UserParts) {
  const required = async (id: string): Promise<UserRecord> => {
    const user = await users.byId(id);
    if (!user || user.state === "deleting") throw new MillraceError("not_found", "There is no such user.");
    return user;
  };

  const change = async (id: string, to: UserChange, endsTokens = false): Promise<UserRecord> => {
    await required(id);
    const changed = await users.change(id, to, { endsTokens });
    if (changed) return changed;
    throw new MillraceError("forbidden", "This is the last admin. Make someone else an admin first.");
  };

  /** The first admin's link works even if registration is closed. */
  const refuseInvites = (link: LinkRecord | null) => {
    if (link?.kind === "invite" && registration === "closed") {
      throw new MillraceError("forbidden", "Registration is closed on this server.");
    }
  };

  const fresh = (parts: Partial<UserRecord>): UserRecord => ({
    id: newId(now()),
    email: null,
    emailVerifiedAt: null,
    name: "",
    passwordHash: null,
    role: "user",
    state: "active",
    generation: 1,
    quotas: {},
    createdAt: now(),
    lastLoginAt: null,
    ...parts,
  });

  return {
    /**
     * Creates an account, with an invite or through open registration. If the address already has an account, does
     * nothing and returns `null`, which callers must not reveal.
     */
    async register({ invite, ...account }: NewAccount): Promise<UserRecord | null> {
      if (invite === undefined && registration !== "open") {
        throw new MillraceError("forbidden", "You need an invite to create an account here.");
      }
      const email = emailOf(account.email);
      const link = invite === undefined ? null : await links.invite(invite);
      refuseInvites(link);
      if (link && link.email !== null && link.email !== email) {
        throw new MillraceError("invalid_link", "This invite is for another email address.");
      }
      const passwordHash = await passwords.hash(account.password, email);
      const user = fresh({ email, name: account.name ?? "", passwordHash, role: link?.role ?? "user" });
      const isNew =
        invite === undefined
          ? await users.create(user)
          : await users.createByLink(user, hashOf(invite), now());
      return isNew ? user : null;
    },

    /**
     * Finds or creates the user for someone's first external sign-in. Links to an existing user only if both sides have
     * verified the address, because an unverified address may belong to someone else.
     */
    async bySignIn(
      profile: { email: string | null; isEmailVerified: boolean; name: string },
      invite: string | null,
    ): Promise<UserRecord> {
      const email = profile.isEmailVerified && profile.email !== null ? normalEmail(profile.email) : null;
      const known = email === null ? null : await users.byEmail(email);
      if (known && known.emailVerifiedAt !== null) return known;
      const link = invite === null ? null : await links.invite(invite);
      if (registration !== "open" && link === null) {
        throw new MillraceError("forbidden", "You need an invite to create an account here.");
      }
      refuseInvites(link);
      const name = profile.name.slice(0, MOST_NAME_CHARACTERS);
      const role = link?.role ?? "user";
      const own = known ? { email: null } : { email, emailVerifiedAt: email === null ? null : now() };
      const user = fresh({ ...own, name, role });
      const isNew =
        invite === null ? await users.create(user) : await users.createByLink(user, hashOf(invite), now());
      if (isNew) return user;
      throw new MillraceError(
        "invalid_link",
        "This invite is for another email address, or was already used.",
      );
    },

    /** Updates the role from the provider's admin claim, if one is configured. Runs at every login. */
    async withRole(user: UserRecord, isAdmin: boolean | null): Promise<UserRecord> {
      const role = isAdmin === null ? user.role : isAdmin ? "admin" : "user";
      if (role === user.role) return user;
      return (await users.change(user.id, { role }, { endsTokens: true })) ?? user;
    },

    /** Creates a user on behalf of an admin. Without a password, the user sets one with a reset link. */
    async create(given: { email: string; name: string; role: Role; password?: string }): Promise<UserRecord> {
      const email = emailOf(given.email);
      const { name, role, password } = given;
      const passwordHash = password === undefined ? null : await passwords.hash(password, email);
      const user = fresh({ email, name, role, passwordHash });
      if (await users.create(user)) return user;
      throw new MillraceError("already_exists", "An account with this email address already exists.");
    },

    /** Returns the user if the password is right, or else `null`, in the same time. */
    async authenticate(email: string, password: string): Promise<UserRecord | null> {
      const user = await users.byEmail(email);
      const isRight = await passwords.verify(user?.passwordHash ?? null, password);
      return isRight && user?.state === "active" ? user : null;
    },

    /** Rejects with `unauthorized` if the current password is wrong. */
    async changePassword(
      user: Pick<UserRecord, "id">,
      given: { present?: string; next: string },
    ): Promise<UserRecord> {
      const known = await required(user.id);
      if (known.passwordHash !== null && !(await passwords.verify(known.passwordHash, given.present ?? ""))) {
        throw new MillraceError("forbidden", "The current password is wrong.");
      }
      const passwordHash = await passwords.hash(given.next, known.email);
      return change(user.id, { passwordHash }, true);
    },

    /** Rejects with `invalid_link`. A link that no admin made came by email, so its holder reads that address. */
    async resetPassword(token: string, password: string): Promise<UserRecord> {
      const link = await links.look(token, "reset");
      const user = await required(link.userId!);
      const passwordHash = await passwords.hash(password, user.email);
      await links.use(token, "reset");
      const isMailed = link.createdBy === null;
      const verified = isMailed && user.emailVerifiedAt === null ? { emailVerifiedAt: now() } : {};
      return change(user.id, { passwordHash, ...verified }, true);
    },

    async verifyEmail(token: string): Promise<UserRecord> {
      const { userId } = await links.use(token, "verify");
      return change(userId!, { emailVerifiedAt: now() });
    },

    /** Rejects with `forbidden` if the password is wrong. Blocks sign-in now, and the data is deleted later. */
    async markDeleting(user: Pick<UserRecord, "id">, password: string | undefined): Promise<void> {
      const known = await required(user.id);
      if (known.passwordHash !== null && !(await passwords.verify(known.passwordHash, password ?? ""))) {
        throw new MillraceError("forbidden", "The password is wrong.");
      }
      await change(user.id, { state: "deleting" }, true);
    },

    rename: (id: string, name: string) => change(id, { name }),

    /** Changes made by an admin. Disabling a user or changing the role revokes all tokens. */
    administer(id: string, to: Pick<UserChange, "name" | "role" | "quotas"> & { state?: UserState }) {
      return change(id, to, to.role !== undefined || (to.state ?? "active") !== "active");
    },

    get: required,
    byEmail: (email: string) => users.byEmail(email),
    list: (query: { after?: string; limit: number }) => users.list(query),
    hasAdmin: () => users.hasAdmin(),
  };
}

export function emailOf(text: string): string {
  const email = normalEmail(text);
  if (email !== null) return email;
  throw new MillraceError("invalid_request", "email: must be an email address", {
    extra: { issues: [{ path: "email", message: "must be an email address" }] },
  });
}
