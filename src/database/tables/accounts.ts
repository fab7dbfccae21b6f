/** Times are ms since the epoch. */
export interface UserRow {
  id: string;
  /** Lowercase and unique; `null` if the user signs in elsewhere and has no address. */
  email: string | null;
  email_verified_at: number | null;
  name: string;
  /** `null` if the user signs in elsewhere. */
  password_hash: string | null;
  role: "user" | "admin";
  state: "active" | "disabled" | "deleting";
  /** Tokens of an older generation are invalid. */
  generation: number;
  /** Overrides of the default quotas, as JSON. */
  quotas: string;
  created_at: number;
  last_login_at: number | null;
}

/** A one-time link: an invite, a reset, a verification. Only its hash is stored. */
export interface AccountLinkRow {
  id: string;
  hash: string;
  kind: string;
  /** The user it is for; `null` if it creates an account. */
  user_id: string | null;
  email: string | null;
  role: "user" | "admin";
  created_by: string | null;
  created_at: number;
  expires_at: number;
  used_by: string | null;
}

export interface SessionRow {
  id: string;
  user_id: string;
  /** Counter of the valid refresh token. */
  counter: number;
  rotated_at: number;
  device: string;
  address: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  revoked_at: number | null;
}

/** The key itself is derived from the installation's key. */
export interface SigningKeyRow {
  id: string;
  created_at: number;
}

export interface ApiKeyRow {
  id: string;
  user_id: string;
  name: string;
  hash: string;
  /** The first characters, by which people recognize it. */
  hint: string;
  /** Separated by spaces. */
  scopes: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

/** A user's identity at a provider. */
export interface IdentityRow {
  issuer: string;
  subject: string;
  user_id: string;
  created_at: number;
}

/** A sign-in in progress, usable once. */
export interface SignInFlowRow {
  /** Hash of the `state`. */
  id: string;
  /** A `SignInFlow` as JSON. */
  body: string;
  expires_at: number;
}

/** What anyone with the link may download. */
export interface ShareRow {
  id: string;
  owner: string;
  job_id: string;
  /** `null`: the archive. */
  artifact_id: string | null;
  created_at: number;
  expires_at: number;
}

/** Items of jobs that an owner created in a day, numbered from the epoch. */
export interface UsageDayRow {
  owner: string;
  day: number;
  items: number;
}
