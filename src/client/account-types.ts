import type { Json } from "./types.ts";

/** JSON of the account routes. `test/client-types.test.ts` checks these types against the server's own. */

export type Role = "user" | "admin";
export type Scope = "jobs" | "admin" | "metrics";

export interface SignInMeans {
  /** `false` if accounts are off: everything belongs to one local user. */
  accounts: boolean;
  /** Whether users can log in with a password. */
  password: boolean;
  registration: "closed" | "invite" | "open";
  /** Whether the server can email verification and password reset links. */
  mail: boolean;
  /** External sign-in providers. To sign in with one, send the browser to `/v1/auth/oidc/{id}`. */
  providers: { id: string; title: string }[];
}

export interface Granted {
  /** For `Authorization: Bearer`. Browsers also get it in a cookie. */
  accessToken: string;
  /** Lifetime in seconds. */
  expiresIn: number;
}

interface UserFacts {
  id: string;
  email: string | null;
  emailVerified: boolean;
  name: string;
  role: Role;
  createdAt: string;
  lastLoginAt: string | null;
}

export interface Me extends UserFacts {
  hasPassword: boolean;
  /** Scopes of the credentials that sent this request. */
  scopes: Scope[];
  /** `false` if accounts are off. */
  accounts: boolean;
}

/** A user's quotas. `null` means no limit. */
export interface Quotas {
  jobs: number | null;
  itemsPerDay: number | null;
  storedBytes: number | null;
  requestsPerMinute: number | null;
  streams: number | null;
}

export interface Usage {
  jobs: { used: number; limit: number | null };
  itemsPerDay: { used: number; limit: number | null; freesAt: string };
  storedBytes: { used: number; limit: number | null };
  requestsPerMinute: { limit: number | null };
  streams: { used: number; limit: number | null };
}

export interface Session {
  id: string;
  /** The browser's description of itself. */
  device: string;
  address: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  /** Whether this session sent the request. */
  isThis: boolean;
}

export interface ApiKey {
  id: string;
  name: string;
  /** The first characters of the key. */
  hint: string;
  scopes: Scope[];
  createdAt: string;
  /** `null` means never. */
  expiresAt: string | null;
  lastUsedAt: string | null;
}

/** A user as admins see it. */
export interface User extends UserFacts {
  state: "active" | "disabled" | "deleting";
  /** Quotas that differ from the defaults. */
  quotas: Partial<Quotas>;
}

export interface Invite {
  id: string;
  /** The only address that can use the invite. `null` means any. */
  email: string | null;
  role: Role;
  createdAt: string;
  expiresAt: string;
}

export interface Link {
  url: string;
  expiresAt: string;
}

export interface Share extends Link {
  id: string;
  /** The shared file. `null` for the job's archive. */
  artifactId: string | null;
  createdAt: string;
}

export interface Preset {
  id: string;
  pipeline: string;
  name: string;
  /** As submitted, without defaults filled in. */
  options: Json;
  /** Only admins can set `everyone`. */
  visibility: "private" | "everyone";
  /** Whether the preset belongs to the caller. */
  own: boolean;
  createdAt: string;
  updatedAt: string;
}
