import type { Json } from "./types.ts";

/** The JSON of the contract about accounts. `test/client-types.test.ts` compares it with the server's own. */

export type Role = "user" | "admin";
export type Scope = "jobs" | "admin" | "metrics";

export interface SignInMeans {
  /** `false`: everything belongs to one local user, and nobody signs in. */
  accounts: boolean;
  /** Whether people may log in with a password. */
  password: boolean;
  registration: "closed" | "invite" | "open";
  /** Whether links that verify an address or reset a password go by mail. */
  mail: boolean;
  /** Where else people may sign in: a browser goes to `/v1/auth/oidc/{id}`. */
  providers: { id: string; title: string }[];
}

export interface Granted {
  /** For `Authorization: Bearer`; a browser has it in a cookie, too. */
  accessToken: string;
  /** Seconds. */
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
  /** What this request may do. */
  scopes: Scope[];
  /** `false`: accounts are off. */
  accounts: boolean;
}

/** What a user may have; `null`: any number. */
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
  /** As the browser describes itself. */
  device: string;
  address: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  /** The session of this request. */
  isThis: boolean;
}

export interface ApiKey {
  id: string;
  name: string;
  /** Its first characters. */
  hint: string;
  scopes: Scope[];
  createdAt: string;
  /** `null`: never. */
  expiresAt: string | null;
  lastUsedAt: string | null;
}

/** As admins see users. */
export interface User extends UserFacts {
  state: "active" | "disabled" | "deleting";
  /** What differs from the usual quotas. */
  quotas: Partial<Quotas>;
}

export interface Invite {
  id: string;
  /** The only address that it is for; `null`: any. */
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
  /** `null`: the archive. */
  artifactId: string | null;
  createdAt: string;
}

export interface Preset {
  id: string;
  pipeline: string;
  name: string;
  /** As they were given: defaults are not filled in. */
  options: Json;
  /** `everyone` is for admins to give. */
  visibility: "private" | "everyone";
  /** Whether it is the caller's. */
  own: boolean;
  createdAt: string;
  updatedAt: string;
}
