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
/** What is wrong with one is said by the rules, not by the schema: a fault never repeats it. */
export const password = z.string().max(1_000);
export const name = z.string().max(100).describe("Shown to the user and to admins.");
export const linkToken = z.string().min(1).max(200).describe("What stands behind the `#` of the link.");
export const idParams = z.object({ id: z.string().min(1).max(100) });

export const paging = z.object({
  limit: limitParam(100, 20),
  cursor: z.string().max(100).optional().describe("`nextCursor` of the page before."),
});

const most = (about: string) => z.int().min(0).nullable().describe(`${about} \`null\`: any number.`);

export const quotas = component(
  "Quotas",
  z.object({
    jobs: most("Jobs that have not ended."),
    itemsPerDay: most("Items of new jobs in a day, which ends at midnight UTC."),
    storedBytes: most("Bytes of uploads and of the files of jobs."),
    requestsPerMinute: most("Requests to the API."),
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
    accounts: z.boolean().describe("`false`: accounts are off, and everything belongs to one local user."),
  }),
);

export const anyUser = component(
  "User",
  user.extend({
    state: z.enum(userStates),
    quotas: quotas.partial().describe("What differs from the usual quotas."),
  }),
);

export const granted = component(
  "Granted",
  z.object({
    accessToken: z.string().describe("For `Authorization: Bearer`. The answer's cookies sign requests too."),
    expiresIn: z.int().describe("Seconds. `POST /v1/auth/refresh` gives the next one."),
  }),
);

export const session = component(
  "Session",
  z.object({
    id: z.string(),
    device: z.string().describe("As the browser describes itself."),
    address: z.string(),
    createdAt: time,
    lastUsedAt: time.describe("When it was refreshed last, which happens every 15 minutes at most."),
    expiresAt: time,
    isThis: z.boolean().describe("The session of this request."),
  }),
);

export const apiKey = component(
  "ApiKey",
  z.object({
    id: z.string(),
    name: z.string(),
    hint: z.string().describe("The first characters of the key."),
    scopes: z.array(z.enum(scopes)),
    createdAt: time,
    expiresAt: maybeTime,
    lastUsedAt: maybeTime.describe("Some seconds late."),
  }),
);

export const invite = component(
  "Invite",
  z.object({
    id: z.string(),
    email: z.string().nullable().describe("The only address that it is for."),
    role: z.enum(roles),
    createdAt: time,
    expiresAt: time,
  }),
);

export const signInMeans = component(
  "SignInMeans",
  z.object({
    accounts: z.boolean().describe("`false`: everything belongs to one local user, and nobody signs in."),
    password: z.boolean().describe("Whether people may log in with a password."),
    registration: z.enum(registrations),
    mail: z.boolean().describe("Whether links for verification and reset go by mail."),
    providers: z
      .array(z.object({ id: z.string(), title: z.string() }))
      .describe("Where else people may sign in."),
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
