/** Rules for accounts that hold wherever they are stored. */

export const roles = ["user", "admin"] as const;
export type Role = (typeof roles)[number];

/** `deleting`: the user cannot sign in any more, and everything that belongs to them is being removed. */
export const userStates = ["active", "disabled", "deleting"] as const;
export type UserState = (typeof userStates)[number];

/** What an API key may be used for. */
export const scopes = ["jobs", "admin", "metrics"] as const;
export type Scope = (typeof scopes)[number];

/** Who may create an account. */
export const registrations = ["closed", "invite", "open"] as const;
export type Registration = (typeof registrations)[number];

export interface UserRecord {
  id: string;
  /** Lowercase; `null` if the user signs in elsewhere and has no address. */
  email: string | null;
  emailVerifiedAt: number | null;
  name: string;
  /** `null` if the user signs in elsewhere. */
  passwordHash: string | null;
  role: Role;
  state: UserState;
  /** Tokens of an older generation are invalid: raising it logs the user out everywhere. */
  generation: number;
  quotas: QuotaOverrides;
  createdAt: number;
  lastLoginAt: number | null;
}

/** What a user may have; `null` means unlimited. */
export interface Quotas {
  /** Jobs that have not ended. */
  jobs: number | null;
  /** Items of new jobs per day; days end at midnight UTC. */
  itemsPerDay: number | null;
  /** Bytes of uploads and of job files. */
  storedBytes: number | null;
  requestsPerMinute: number | null;
  /** Event streams per API process. */
  streams: number | null;
}

export type QuotaName = keyof Quotas;

/** What an admin has set for one user; the defaults apply to the rest. */
export type QuotaOverrides = Partial<Quotas>;

export interface SessionRecord {
  id: string;
  userId: string;
  /** Counter of the valid refresh token. */
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

/** `first-admin` is valid until there is an admin. */
export const linkKinds = ["invite", "first-admin", "reset", "verify"] as const;
export type LinkKind = (typeof linkKinds)[number];

export interface LinkRecord {
  id: string;
  kind: LinkKind;
  userId: string | null;
  /** The only address it is valid for; `null` means any. */
  email: string | null;
  role: Role;
  createdBy: string | null;
  createdAt: number;
  expiresAt: number;
}

export const MOST_EMAIL_CHARACTERS = 254;

/** The canonical form of an address; `null` if it cannot be one. Only sending mail shows whether anyone reads it. */
export function normalEmail(text: string): string | null {
  const email = text.trim().normalize("NFC").toLowerCase();
  if (email.length > MOST_EMAIL_CHARACTERS) return null;
  return /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@[^\s@"(),:;<>[\\\]\p{Cc}.]+(\.[^\s@"(),:;<>[\\\]\p{Cc}.]+)*$/u.test(
    email,
  )
    ? email
    : null;
}

/** Long enough to resist guessing through a login form. There are no composition rules, because they do not help. */
export const LEAST_PASSWORD_CHARACTERS = 10;
/** Longer ones would only cost time to hash. */
export const MOST_PASSWORD_CHARACTERS = 256;

/** What is wrong with a new password, as the end of "password …"; `null` if nothing is. */
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
