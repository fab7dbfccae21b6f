import { linkRecords } from "../database/account-links.ts";
import { aiRecords } from "../database/ai-records.ts";
import { apiKeyRecords } from "../database/api-keys.ts";
import { identityRecords } from "../database/identities.ts";
import { sessionRecords } from "../database/sessions.ts";
import type { Tables } from "../database/tables.ts";
import { userRecords } from "../database/users.ts";
import type { Registration } from "../domain/accounts.ts";
import { type Secrets, signer } from "../domain/keys.ts";
import type { Engine } from "../engine/engine.ts";
import type { Presets } from "../engine/presets.ts";
import type { Mailer } from "../notices/mailer.ts";
import type { Notices } from "../notices/notices.ts";
import type { Database } from "../ports/database.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { Access } from "../replica/access.ts";
import { accessTokens } from "./access-tokens.ts";
import { type ApiKeys, createApiKeys } from "./api-keys.ts";
import { type Erasure, eraseDeleted } from "./erasure.ts";
import { createIdentities, type Identities } from "./identities.ts";
import { createLinks, type Links } from "./links.ts";
import type { AccountsLog } from "./log.ts";
import { type LoginLimits, loginLimits } from "./login-limits.ts";
import { type AccountMail, createMail } from "./mail.ts";
import { accountMaps, accountMirror } from "./maps.ts";
import { createPasswords } from "./passwords.ts";
import { knownPrincipals } from "./principals.ts";
import type { OwnerQuotas } from "./quotas.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { Shares } from "./shares.ts";
import type { ProviderSettings } from "./sign-in/providers.ts";
import { createSignIn, type SignIn } from "./sign-in/sign-in.ts";
import { signingKeys } from "./signing-keys.ts";
import { createUsers, type Users } from "./users.ts";

export interface AccountSettings {
  registration: Registration;
  /** Whether users can log in with a password. */
  passwordLogin: boolean;
  /** External sign-in providers. */
  providers: readonly ProviderSettings[];
}

/** Users, and how they authenticate. */
export interface Accounts {
  readonly settings: AccountSettings;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly keys: ApiKeys;
  readonly links: Links;
  readonly limits: LoginLimits;
  readonly identities: Identities;
  /** `null` if no email is configured. Admins then hand out the links. */
  readonly mail: AccountMail | null;
  readonly signIn: SignIn;
  readonly erasure: Erasure;
  /** Path of a link that creates the first admin. `null` if there is an admin. */
  firstAdminLink(): Promise<string | null>;
  close(): Promise<void>;
}

export interface AccountsParts {
  engine: Pick<
    Engine,
    "store" | "schedules" | "uploads" | "removeJob" | "publications" | "pictures" | "archiveDownloads"
  >;
  database: Database<Tables>;
  quotas: Pick<OwnerQuotas, "forget"> | null;
  shares: Pick<Shares, "removeAll">;
  presets: Pick<Presets, "removeAll">;
  webhooks: { removeAll(owner: string): Promise<void> };
  access: Access;
  limiter: Limiter;
  secrets: Secrets;
  settings: AccountSettings;
  /** `null` if no email is configured. Whoever opened it closes it. */
  mailer: Mailer | null;
  notices: Pick<Notices, "locale" | "removeAll">;
  log: AccountsLog;
}

export interface IdentificationParts {
  database: Database<Tables>;
  access: Access;
  secrets: Secrets;
  log: AccountsLog;
  /** The store's clock. */
  now(): number;
}

/** Authenticates tokens, which is all that the authorization service needs. Call it before the maps are loaded. */
export function identification({ database, access, secrets, log, now }: IdentificationParts) {
  const maps = accountMaps(access.replica);
  const { replica, revocations } = access;
  const mirror = accountMirror(maps, { replica, revocations, now });
  const guard = access.guard([maps.users, maps.keys]);
  const records = {
    users: userRecords(database, mirror),
    sessions: sessionRecords(database, mirror),
    keys: apiKeyRecords(database, mirror),
  };
  const tokens = accessTokens({ keys: signingKeys(records.sessions, now), secrets, now });
  const keys = createApiKeys(records.keys, { log, now });
  const principals = knownPrincipals(maps, { revocations, guard, now });
  const operator = signer(secrets, "operator");
  return { records, tokens, keys, identities: createIdentities({ tokens, principals, keys, operator, now }) };
}

/** Call it before the maps are loaded. */
export function createAccounts(parts: AccountsParts): Accounts {
  const { engine, database, quotas, shares, presets, webhooks, limiter, secrets, settings, log } = parts;
  const now = engine.store.now;
  const { records, tokens, keys, identities } = identification({ ...parts, now });
  const links = createLinks({ records: linkRecords(database), users: records.users, now });
  const { registration } = settings;
  const users = createUsers({
    users: records.users,
    passwords: createPasswords(),
    ...{ links, registration, now },
  });
  const limits = loginLimits(limiter, signer(secrets, "device"));
  const { mailer, notices } = parts;
  const mail = mailer && createMail({ mailer, links, limits, localeOf: notices.locale, log });
  const { providers } = settings;
  const signIn = createSignIn({ providers, records: identityRecords(database), users, now });
  const forgetters = [
    shares.removeAll,
    presets.removeAll,
    webhooks.removeAll,
    signIn.removeAll,
    notices.removeAll,
    aiRecords(database).forget,
    engine.publications.endAll,
    engine.pictures.removeAll,
    engine.archiveDownloads.removeAll,
    ...(quotas ? [quotas.forget] : []),
  ];
  const erasure = eraseDeleted({ engine, users: records.users, others: forgetters, log });
  return {
    settings,
    users,
    sessions: createSessions({ ...records, tokens, signer: signer(secrets, "refresh"), log, now }),
    keys,
    links,
    limits,
    identities,
    mail,
    signIn,
    erasure,
    async firstAdminLink() {
      if (await users.hasAdmin()) return null;
      return (await links.make({ kind: "first-admin", role: "admin" })).path;
    },
    async close() {
      await Promise.all([keys.close(), erasure.close(), mail?.close()]);
    },
  };
}
