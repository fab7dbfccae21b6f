import { z } from "zod";
import {
  type ApiKeyRecord,
  type LinkRecord,
  MOST_EMAIL_CHARACTERS,
  type Quotas,
  registrations,
  roles,
  type SessionRecord,
  scopes,
  type UserRecord,
  userStates,
} from "../../domain/accounts.ts";
import { component, limitParam } from "../api-schemas.ts";

const time = z.iso.datetime();
const maybeTime = time.nullable();

export const email = z.string().min(3).max(MOST_EMAIL_CHARACTERS);
/** The password rules report what is wrong, not the schema, because an error must never repeat the password. */
export const password = z.string().max(1_000);
export const name = z.string().max(100).describe("Shown to the user and to admins.");
export const linkToken = z.string().min(1).max(200).describe("The part of the link after `#`.");
export const idParams = z.object({ id: z.string().min(1).max(100) });

export const paging = z.object({
  limit: limitParam(100, 20),
  cursor: z.string().max(100).optional().describe("`nextCursor` of the previous page."),
});

const most = (about: string) => z.int().min(0).nullable().describe(`${about} \`null\` means no limit.`);

export const quotas = component(
  "Quotas",
  z.object({
    jobs: most("Unfinished jobs."),
    itemsPerDay: most("Items of new jobs per day. The day ends at midnight UTC."),
    storedBytes: most("Bytes of uploads and job files."),
    requestsPerMinute: most("API requests per minute."),
    streams: most("Event streams in each API process."),
  }),
);

const user = z.object({
  id: z.string(),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  name: z.string(),
  role: z.enum(roles),
  createdAt: time,
  lastLoginAt: maybeTime,
});

export const me = component(
  "Me",
  user.extend({
    hasPassword: z.boolean(),
    scopes: z.array(z.enum(scopes)).describe("What this request may do."),
    accounts: z.boolean().describe("`false` if accounts are off and everything belongs to one local user."),
  }),
);

export const anyUser = component(
  "User",
  user.extend({
    state: z.enum(userStates),
    quotas: quotas.partial().describe("Quotas that differ from the defaults."),
  }),
);

export const granted = component(
  "Granted",
  z.object({
    accessToken: z
      .string()
      .describe("Send it as `Authorization: Bearer`. The response's cookies authenticate requests, too."),
    expiresIn: z.int().describe("Lifetime in seconds. `POST /v1/auth/refresh` returns the next token."),
  }),
);

export const session = component(
  "Session",
  z.object({
    id: z.string(),
    device: z.string().describe("The browser's description of itself."),
    address: z.string(),
    createdAt: time,
    lastUsedAt: time.describe("When the session was last refreshed. Refreshed at most every 15 minutes."),
    expiresAt: time,
    isThis: z.boolean().describe("Whether this is the session of the request."),
  }),
);

export const apiKey = component(
  "ApiKey",
  z.object({
    id: z.string(),
    name: z.string(),
    hint: z.string().describe("First characters of the key."),
    scopes: z.array(z.enum(scopes)),
    createdAt: time,
    expiresAt: maybeTime,
    lastUsedAt: maybeTime.describe("Accurate to a few seconds."),
  }),
);

export const invite = component(
  "Invite",
  z.object({
    id: z.string(),
    email: z.string().nullable().describe("The only address that can use the invite."),
    role: z.enum(roles),
    createdAt: time,
    expiresAt: time,
  }),
);

export const signInMeans = component(
  "SignInMeans",
  z.object({
    accounts: z.boolean().describe("`false` if nobody signs in and everything belongs to one local user."),
    password: z.boolean().describe("Whether users can log in with a password."),
    registration: z.enum(registrations),
    mail: z.boolean().describe("Whether confirmation and reset links are sent by email."),
    providers: z.array(z.object({ id: z.string(), title: z.string() })).describe("Other ways to sign in."),
  }),
);

const iso = (at: number) => new Date(at).toISOString();
const maybeIso = (at: number | null) => (at === null ? null : iso(at));

export function userFacts(record: UserRecord): z.output<typeof user> {
  const { id, email, name, role } = record;
  return {
    ...{ id, email, name, role },
    emailVerified: record.emailVerifiedAt !== null,
    createdAt: iso(record.createdAt),
    lastLoginAt: maybeIso(record.lastLoginAt),
  };
}

export function anyUserView(record: UserRecord): z.output<typeof anyUser> {
  return { ...userFacts(record), state: record.state, quotas: record.quotas as Partial<Quotas> };
}

export function sessionView(record: SessionRecord, present: string | null): z.output<typeof session> {
  const { id, device, address } = record;
  return {
    ...{ id, device, address },
    createdAt: iso(record.createdAt),
    lastUsedAt: iso(record.lastUsedAt),
    expiresAt: iso(record.expiresAt),
    isThis: id === present,
  };
}

export function keyView(record: ApiKeyRecord): z.output<typeof apiKey> {
  const { id, name, hint, scopes } = record;
  return {
    ...{ id, name, hint, scopes },
    createdAt: iso(record.createdAt),
    expiresAt: maybeIso(record.expiresAt),
    lastUsedAt: maybeIso(record.lastUsedAt),
  };
}

export function inviteView({ id, email, role, createdAt, expiresAt }: LinkRecord): z.output<typeof invite> {
  return { id, email, role, createdAt: iso(createdAt), expiresAt: iso(expiresAt) };
}
