/** The cold tables, one type each, as their migrations make them on every store. */
export interface Tables {
  uploads: UploadRow;
  chores: ChoreRow;
  schedules: ScheduleRow;
  inbox: InboxRow;
  inbox_readers: InboxReaderRow;
  users: UserRow;
  account_links: AccountLinkRow;
  sessions: SessionRow;
  signing_keys: SigningKeyRow;
  api_keys: ApiKeyRow;
  usage_days: UsageDayRow;
  shares: ShareRow;
  identities: IdentityRow;
  sign_in_flows: SignInFlowRow;
  replica_heads: ReplicaHeadRow;
  replica_entries: ReplicaEntryRow;
}

/** How far the log of a map has come. */
export interface ReplicaHeadRow {
  map: string;
  /** Of this log: another one begins again at version 1. */
  epoch: string;
  /** Of the last change. */
  version: number;
  /** Changes up to here may be missing from the log: whoever has not seen them reads the map anew. */
  floor: number;
}

/** The last change of a key. */
export interface ReplicaEntryRow {
  map: string;
  key: string;
  version: number;
  /** JSON; empty when the key was removed. */
  value: string;
  /** 1: the key was removed. */
  deleted: number;
  /** From when on the row counts no more, ms since the epoch. */
  expires_at: number | null;
}

/** Times are ms since the epoch. */
export interface UserRow {
  id: string;
  /** In lower case, and unique; `null` for who signs in elsewhere and has none. */
  email: string | null;
  email_verified_at: number | null;
  name: string;
  /** `null`: signs in elsewhere. */
  password_hash: string | null;
  role: "user" | "admin";
  state: "active" | "disabled" | "deleting";
  /** Tokens of an older one count no more. */
  generation: number;
  /** What differs from the usual quotas: JSON. */
  quotas: string;
  created_at: number;
  last_login_at: number | null;
}

/** A link that works once: an invite, a reset, a verification. Only its hash is kept. */
export interface AccountLinkRow {
  id: string;
  hash: string;
  kind: string;
  /** Whom it is for; `null` for one that makes an account. */
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
  /** Of the refresh token that counts. */
  counter: number;
  rotated_at: number;
  device: string;
  address: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  revoked_at: number | null;
}

/** The key itself is derived from the installation's. */
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
  /** Separated by blanks. */
  scopes: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

/** A job that was submitted in a transaction of the caller. Times are ms since the epoch. */
export interface InboxRow {
  /** Of the job. */
  id: string;
  owner: string;
  pipeline: string;
  /** `{options, items, files, metadata}`: JSON. */
  request: string;
  priority: number | null;
  start_at: number | null;
  idempotency_key: string | null;
  submitted_at: number;
  /** When it was made a job of; rows with a key are kept for as long as the key counts. */
  taken_at: number | null;
}

/** Which process reads the inbox, and until when unless it says so again. */
export interface InboxReaderRow {
  name: string;
  reader: string;
  until: number;
}

/** When a chore was begun last. */
export interface ChoreRow {
  name: string;
  begun_at: number;
}

export interface ScheduleRow {
  id: string;
  owner: string;
  pipeline: string;
  due_at: number | null;
  /** A `ScheduleRecord`: JSON. */
  body: string;
}

/** Who a user is elsewhere. */
export interface IdentityRow {
  issuer: string;
  subject: string;
  user_id: string;
  created_at: number;
}

/** A way to a provider and back, which is gone once. */
export interface SignInFlowRow {
  /** Hash of the `state`. */
  id: string;
  /** A `SignInFlow`: JSON. */
  body: string;
  expires_at: number;
}

/** What whoever has a link may download. */
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

export interface UploadRow {
  id: string;
  owner: string;
  expires_at: number;
  /** That have come, or that its client may send elsewhere; 0 in rows from before it was counted. */
  bytes: number;
  /** An `UploadRecord`: JSON. */
  body: string;
}
