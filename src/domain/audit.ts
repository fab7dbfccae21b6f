import type { Json } from "./records.ts";

/** Something that an admin did. */
export interface AuditEntry {
  id: string;
  /** The user's id. */
  actor: string;
  /** As the audit log shows it: an email address, or `local`. */
  actorName: string;
  /** `session`, `key`, or `local` where accounts are off. */
  via: string;
  address: string | null;
  /** The operation's name in the API document. */
  action: string;
  method: string;
  /** Without the query string. */
  path: string;
  /** The ids in the URL path, which say what the action was about. */
  target: { [name: string]: string };
  /** The request body without secrets, and the counts that resulted. */
  detail: { [name: string]: Json };
  at: number;
  /** HTTP status; `null` if the process ended before the request did. */
  status: number | null;
  ms: number | null;
}

const SECRETS = /password|secret|token|credential|authorization/i;
const MOST_CHARACTERS = 4_000;

/** A request body as the log keeps it: short, and without secrets. */
export function auditable(value: unknown): Json {
  if (value === null || value === undefined) return null;
  const text = JSON.stringify(value, (name, inner: unknown) =>
    SECRETS.test(name) && inner !== null && inner !== undefined ? "•••" : inner,
  );
  if (text.length > MOST_CHARACTERS) return `${text.slice(0, MOST_CHARACTERS)}…`;
  return JSON.parse(text) as Json;
}
