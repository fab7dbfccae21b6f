/** What is true of accounts, wherever they are kept. */

export const roles = ["user", "admin"] as const;
export type Role = (typeof roles)[number];

/** `deleting`: nobody signs in any more, and all that belongs to the user goes. */
export const userStates = ["active", "disabled", "deleting"] as const;
export type UserState = (typeof userStates)[number];

/** What an API key may be used for. */
export const scopes = ["jobs", "admin", "metrics"] as const;
export type Scope = (typeof scopes)[number];

/** Who may make an account. */
export const registrations = ["closed", "invite", "open"] as const;
export type Registration = (typeof registrations)[number];

export interface UserRecord {
  id: string;
  /** In lower case; `null` for who signs in elsewhere and has none. */
  email: string | null;
  emailVerifiedAt: number | null;
  name: string;
  /** `null`: signs in elsewhere. */
  passwordHash: string | null;
  role: Role;
  state: UserState;
  /** Tokens of an older one count no more: raising it is to log out everywhere. */
  generation: number;
  quotas: QuotaOverrides;
  createdAt: number;
  lastLoginAt: number | null;
}

/** What a user may have; `null`: any number. */
export interface Quotas {
  /** Jobs that have not ended. */
  jobs: number | null;
  /** Items of new jobs in a day, which ends at midnight UTC. */
  itemsPerDay: number | null;
  /** Bytes of uploads and of the files of jobs. */
  storedBytes: number | null;
  requestsPerMinute: number | null;
  /** Event streams in each API process. */
  streams: number | null;
}

export type QuotaName = keyof Quotas;

/** What an admin has set for one user: the rest is as usual. */
export type QuotaOverrides = Partial<Quotas>;

export interface SessionRecord {
  id: string;
  userId: string;
  /** Of the refresh token that counts. */
  counter: number;
  rotatedAt: number;
  /** As the browser describes itself. */
  device: string;
  address: string;
  createdAt: number;
  lastUsedAt: number;
  expiresAt: number;
  revokedAt: number | null;
}

export interface ApiKeyRecord {
  id: string;
  userId: string;
  name: string;
  hint: string;
  scopes: Scope[];
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

/** `first-admin` counts as long as there is no admin. */
export const linkKinds = ["invite", "first-admin", "reset", "verify"] as const;
export type LinkKind = (typeof linkKinds)[number];

export interface LinkRecord {
  id: string;
  kind: LinkKind;
  userId: string | null;
  /** The only address that it is for; `null`: any. */
  email: string | null;
  role: Role;
  createdBy: string | null;
  createdAt: number;
  expiresAt: number;
}

export const MOST_EMAIL_CHARACTERS = 254;

/** In its one spelling; `null` for what cannot be an address. Whether anyone reads it, only a mail can tell. */
export function normalEmail(text: string): string | null {
  const email = text.trim().normalize("NFC").toLowerCase();
  if (email.length > MOST_EMAIL_CHARACTERS) return null;
  return /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@[^\s@"(),:;<>[\\\]\p{Cc}.]+(\.[^\s@"(),:;<>[\\\]\p{Cc}.]+)*$/u.test(
    email,
  )
    ? email
    : null;
}

/** Long enough not to be guessed through a login form; no rules of composition, which help nobody. */
export const LEAST_PASSWORD_CHARACTERS = 10;
/** Longer ones would only cost time to hash. */
export const MOST_PASSWORD_CHARACTERS = 256;

/** What is wrong with a new password, as the end of "password …"; `null` when nothing is. */
export function passwordFault(
  password: string,
  { email, isCommon }: { email: string | null; isCommon(password: string): boolean },
): string | null {
  const length = [...password].length;
  if (length < LEAST_PASSWORD_CHARACTERS) return `must have at least ${LEAST_PASSWORD_CHARACTERS} characters`;
  if (length > MOST_PASSWORD_CHARACTERS) return `must have at most ${MOST_PASSWORD_CHARACTERS} characters`;
  const simple = password.toLowerCase();
  if (isCommon(simple)) return "is one of the most common ones: choose another";
  if (new Set(simple).size < 4) return "repeats too few characters: choose another";
  if (email !== null && (simple === email || simple === email.split("@", 1)[0])) {
    return "must differ from the email address";
  }
  return null;
}
