import { z } from "zod";
import { providerSettings } from "../accounts/sign-in/providers.ts";
import { registrations } from "../domain/accounts.ts";
import { parseNetworks } from "../outgoing/networks.ts";
import { LONGEST_MS } from "../pipeline/durations.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { imageConvertLimits } from "../pipelines/image-convert/limits.ts";

/** One setting: flags, the environment, `millrace.config.ts`, the guide and `doctor` take it from here. */
export interface Setting {
  env: string;
  /** As commander writes it; settings without one are for a file or the environment. */
  flag?: string;
  about: string;
  schema: z.ZodType;
  /** What a value must be, as the end of "PORT must be …". */
  must: string;
  /** What the text of a flag or a variable stands for. @default the text itself */
  fromText?(text: string): unknown;
  /** In place of a value that nobody gave; `undefined` where it follows from other settings. */
  usual: unknown;
  /** What `null` means, for people. */
  none?: string;
  /** Never shown. */
  isSecret?: true;
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
export const MIN_MEMORY_MIB = 128;
/** Short keys can be guessed. */
const MIN_KEY_CHARACTERS = 32;

const text = { schema: z.string().min(1), must: "a text" };
const url = { schema: z.string().min(1), must: "an address, such as postgres://host/database" };
const key = {
  schema: z.string().min(MIN_KEY_CHARACTERS),
  must: `a text of at least ${MIN_KEY_CHARACTERS} characters: openssl rand -base64 32 makes a good one`,
  isSecret: true,
} as const;

function whole(min: number, max: number) {
  return {
    schema: z.int().min(min).max(max),
    must: `a whole number from ${min} to ${max}`,
    fromText: Number,
  };
}

function number(min: number, max: number) {
  return { schema: z.number().min(min).max(max), must: `a number from ${min} to ${max}`, fromText: Number };
}

function isWebOrigin(address: string): boolean {
  return /^https?:/.test(address) && URL.parse(address)?.origin === address.replace(/\/$/, "");
}

function listed(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Text that is no JSON stays what it is, and is refused as that. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const objectRoutes = z.array(
  z.strictObject({
    from: z.string().startsWith("s3://"),
    prefix: z.string().optional(),
    suffix: z.string().optional(),
    pipeline: z.string().min(1),
    options: z.record(z.string(), z.unknown()).optional(),
    owner: z.string().min(1).optional(),
    priority: z.int().min(0).max(9).optional(),
  }),
);

const switches = ["on", "off"] as const;
const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
const hours = number(0.0001, LONGEST_MS / HOUR_MS);
const networks = z.array(z.string()).refine((list) => {
  try {
    return parseNetworks(list).length === list.length;
  } catch {
    return false;
  }
});
const pipeline = z.custom<Pipeline>(
  (value) => typeof value === "object" && value !== null && "steps" in value,
);

export const settings = {
  host: {
    ...text,
    env: "HOST",
    flag: "--host <address>",
    about: "address to listen on",
    usual: "127.0.0.1",
  },
  port: {
    ...whole(0, 65_535),
    env: "PORT",
    flag: "--port <port>",
    about: "port to listen on",
    usual: 8080,
  },
  publicUrl: {
    schema: z.string().refine(isWebOrigin),
    must: "the http: or https: address of the server's pages, without a path, such as https://pictures.example",
    env: "MILLRACE_PUBLIC_URL",
    about: "where people open the page, when a proxy stands before the server",
    usual: null,
    none: "as the request says",
  },
  trustProxy: {
    schema: networks,
    must: "a list of networks, such as 127.0.0.1/32,10.1.0.0/16",
    fromText: listed,
    env: "MILLRACE_TRUST_PROXY",
    about: "proxies whose word counts on where requests come from",
    usual: [],
  },
  auth: {
    schema: z.enum(switches),
    must: "on or off",
    env: "MILLRACE_AUTH",
    flag: "--auth <on|off>",
    about: "whether people sign in; off is for loopback addresses alone",
    usual: undefined,
  },
  registration: {
    schema: z.enum(registrations),
    must: `one of ${registrations.join(", ")}`,
    env: "MILLRACE_REGISTRATION",
    about: "who may make an account: nobody, who was invited, or anybody",
    usual: "invite",
  },
  passwordLogin: {
    schema: z.enum(switches),
    must: "on or off",
    env: "MILLRACE_PASSWORD_LOGIN",
    about: "whether people may log in with a password",
    usual: "on",
  },
  oidc: {
    schema: providerSettings,
    must: 'a list such as [{"id": "work", "issuer": "https://login.example", "clientId": "…", "clientSecret": "…"}]',
    fromText: parsedJson,
    env: "MILLRACE_OIDC",
    about: "where else people may sign in",
    usual: [],
    isSecret: true,
  },
  smtp: {
    schema: z.string().regex(/^smtps?:\/\/\S+$/),
    must: "the address of a mail server, such as smtp://user:password@mail.example:587",
    env: "MILLRACE_SMTP",
    about: "the mail server for links that verify addresses and reset passwords",
    usual: null,
    none: "none",
    isSecret: true,
  },
  mailFrom: {
    ...text,
    env: "MILLRACE_MAIL_FROM",
    about: "the sender of mails",
    usual: null,
    none: "millrace at the host of the public address",
  },
  data: {
    ...text,
    env: "MILLRACE_DATA",
    flag: "--data <folder>",
    about: "data folder of the embedded adapters",
    usual: "data",
  },
  store: {
    ...url,
    env: "MILLRACE_STORE",
    flag: "--store <url>",
    about: "where the records are: sqlite:PATH or postgres://…",
    usual: undefined,
  },
  broker: {
    ...url,
    env: "MILLRACE_BROKER",
    flag: "--broker <url>",
    about: "what hands out the work",
    usual: undefined,
  },
  bus: {
    ...url,
    env: "MILLRACE_BUS",
    flag: "--bus <url>",
    about: "what tells every process",
    usual: undefined,
  },
  blobs: {
    ...url,
    env: "MILLRACE_BLOBS",
    flag: "--blobs <url>",
    about: "where the files are: file:PATH or s3://…",
    usual: undefined,
  },
  workers: {
    ...whole(0, 1_000),
    env: "MILLRACE_WORKERS",
    flag: "--workers <n>",
    about: "worker processes, by default one for each core",
    usual: undefined,
  },
  concurrency: {
    ...whole(1, 10_000),
    env: "MILLRACE_CONCURRENCY",
    flag: "--concurrency <n>",
    about: "tasks of each step at once in a worker",
    usual: null,
    none: "as each pipeline says",
  },
  memoryMiB: {
    ...whole(MIN_MEMORY_MIB, 100_000_000),
    env: "MILLRACE_MEMORY_MIB",
    about: "what steps in processes of their own may have in memory together, on this machine, in MiB",
    usual: undefined,
  },
  pipelines: {
    schema: z.array(z.union([z.string().min(1), pipeline])),
    must: "a list of modules and pipelines",
    fromText: listed,
    env: "MILLRACE_PIPELINES",
    flag: "--pipelines <files...>",
    about: "modules with pipelines of your own",
    usual: [],
  },
  retentionHours: {
    ...hours,
    env: "MILLRACE_RETENTION_HOURS",
    flag: "--retention-hours <n>",
    about: "how long results are kept",
    usual: 7 * 24,
  },
  deadLetterRetentionHours: {
    ...hours,
    env: "MILLRACE_DEAD_LETTER_RETENTION_HOURS",
    flag: "--dead-letter-retention-hours <n>",
    about: "how long at least a job with dead letters keeps its files",
    usual: 30 * 24,
  },
  maxMegapixels: {
    ...number(0.001, 10_000),
    env: "MILLRACE_MAX_MEGAPIXELS",
    about: "picture size limit of image.convert, in megapixels",
    usual: imageConvertLimits.maxPixels / 1_000_000,
  },
  maxFiles: {
    ...whole(1, 10_000),
    env: "MILLRACE_MAX_FILES",
    about: "files of a job of image.convert",
    usual: imageConvertLimits.maxFiles,
  },
  maxFileMiB: {
    ...number(0.001, 10_000),
    env: "MILLRACE_MAX_FILE_MIB",
    about: "size limit of a file of image.convert, in MiB",
    usual: imageConvertLimits.maxFileBytes / MIB,
  },
  queueLimit: {
    ...whole(1, 100_000_000),
    env: "MILLRACE_QUEUE_LIMIT",
    flag: "--queue-limit <n>",
    about: "open tasks in a queue before jobs are refused",
    usual: null,
    none: "as each pipeline says",
  },
  rateLimit: {
    ...whole(0, 100_000_000),
    env: "MILLRACE_RATE_LIMIT",
    about: "requests to the API that an owner may send a minute; 0: any number",
    usual: undefined,
  },
  quotaJobs: {
    ...whole(0, 100_000_000),
    env: "MILLRACE_QUOTA_JOBS",
    about: "jobs of a user that have not ended; 0: any number",
    usual: 100,
  },
  quotaItemsPerDay: {
    ...whole(0, 1_000_000_000),
    env: "MILLRACE_QUOTA_ITEMS_PER_DAY",
    about: "items of the jobs that a user creates in a day; 0: any number",
    usual: 10_000,
  },
  quotaStoredMiB: {
    ...whole(0, 1_000_000_000),
    env: "MILLRACE_QUOTA_STORED_MIB",
    about: "what a user's uploads and the files of jobs may have, in MiB; 0: any number",
    usual: 10_240,
  },
  quotaStreams: {
    ...whole(1, 1_000_000),
    env: "MILLRACE_QUOTA_STREAMS",
    about: "event streams that an owner may have open in each API process",
    usual: 1_000,
  },
  outgoingAllow: {
    schema: networks,
    must: "a list of networks, such as 10.1.0.0/16,fd12:3456::/32",
    fromText: listed,
    env: "MILLRACE_OUTGOING_ALLOW",
    about: "private networks that addresses which clients name may lead to",
    usual: [],
  },
  objectEvents: {
    schema: objectRoutes,
    must: 'a list such as [{"from": "s3://bucket", "prefix": "in/", "suffix": ".jpg", "pipeline": "image.convert"}]',
    fromText: parsedJson,
    env: "MILLRACE_OBJECT_EVENTS",
    about: "objects of which buckets become jobs of which pipelines",
    usual: [],
    isSecret: true,
  },
  objectEventsQueue: {
    ...url,
    env: "MILLRACE_OBJECT_EVENTS_QUEUE",
    about: "the SQS queue to which buckets send their events: sqs://region/account?queue=NAME",
    usual: null,
    none: "none",
  },
  objectEventsSecret: {
    ...key,
    env: "MILLRACE_OBJECT_EVENTS_SECRET",
    about: "what stores send with the events that they post to /v1/object-events",
    usual: null,
    none: "none",
  },
  authzRules: {
    ...text,
    env: "MILLRACE_AUTHZ_RULES",
    about: "the file with the rules of access that the authorization service goes by",
    usual: null,
    none: "any user has access",
  },
  authzIssuer: {
    ...text,
    env: "MILLRACE_AUTHZ_ISSUER",
    about: "another issuer whose tokens the authorization service accepts",
    usual: null,
    none: "none",
  },
  authzJwks: {
    schema: z.url({ protocol: /^https?$/ }),
    must: "an http: or https: address",
    env: "MILLRACE_AUTHZ_JWKS",
    about: "where the public keys of that issuer are",
    usual: null,
    none: "none",
  },
  authzAudience: {
    ...text,
    env: "MILLRACE_AUTHZ_AUDIENCE",
    about: "whom tokens of that issuer must be for",
    usual: null,
    none: "anyone",
  },
  authzRolesClaim: {
    ...text,
    env: "MILLRACE_AUTHZ_ROLES_CLAIM",
    about: "the claim with the roles in tokens of that issuer",
    usual: "roles",
  },
  authzCookie: {
    schema: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/),
    must: "the name of a cookie",
    env: "MILLRACE_AUTHZ_COOKIE",
    about: "a cookie that a token may be in, beside the header Authorization",
    usual: null,
    none: "none",
  },
  authzGrpcPort: {
    ...whole(1, 65_535),
    env: "MILLRACE_AUTHZ_GRPC_PORT",
    about: "port on which the authorization service answers Envoy over gRPC",
    usual: null,
    none: "none",
  },
  authzMaxStale: {
    ...number(1, 900),
    env: "MILLRACE_AUTHZ_MAX_STALE",
    about: "how long the last known revocations may answer while the store is away, in seconds",
    usual: 1,
  },
  logLevel: {
    schema: z.enum(logLevels),
    must: `one of ${logLevels.join(", ")}`,
    env: "MILLRACE_LOG",
    flag: "--log-level <level>",
    about: "debug, info, warn, error or silent",
    usual: "warn",
  },
  secret: {
    ...key,
    env: "MILLRACE_SECRET",
    about: "the installation's key",
    usual: null,
    none: "kept with the records",
  },
  previousSecret: {
    ...key,
    env: "MILLRACE_SECRET_PREVIOUS",
    about: "a key that was replaced and still counts",
    usual: null,
    none: "none",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** As `millrace.config.ts` may export them. */
export type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]["schema"]> };

export const settingNames = Object.keys(settings) as SettingName[];

export function environmentName(name: SettingName): string {
  return settings[name].env;
}
