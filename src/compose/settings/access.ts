import { z } from "zod";
import { providerSettings } from "../../accounts/sign-in/providers.ts";
import { registrations } from "../../domain/accounts.ts";
import { listed, networks, onOff, parsedJson, type Setting, text, whole } from "./setting.ts";

function isWebOrigin(address: string): boolean {
  return /^https?:/.test(address) && URL.parse(address)?.origin === address.replace(/\/$/, "");
}

/** Where the server listens, and who may use it. */
export const accessSettings = {
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
    about: "public URL of the server, when it runs behind a proxy",
    usual: null,
    none: "taken from the request",
  },
  trustProxy: {
    schema: networks,
    must: "a list of networks, such as 127.0.0.1/32,10.1.0.0/16",
    fromText: listed,
    env: "MILLRACE_TRUST_PROXY",
    about: "proxies trusted to report where requests come from",
    usual: [],
  },
  auth: {
    ...onOff,
    env: "MILLRACE_AUTH",
    flag: "--auth <on|off>",
    about: "whether users must sign in; off works only on loopback addresses",
    usual: undefined,
  },
  registration: {
    schema: z.enum(registrations),
    must: `one of ${registrations.join(", ")}`,
    env: "MILLRACE_REGISTRATION",
    about: "who can create an account: nobody, invited people, or anyone",
    usual: "invite",
  },
  passwordLogin: {
    ...onOff,
    env: "MILLRACE_PASSWORD_LOGIN",
    about: "whether users can log in with a password",
    usual: "on",
  },
  oidc: {
    schema: providerSettings,
    must: 'a list such as [{"id": "work", "issuer": "https://login.example", "clientId": "…", "clientSecret": "…"}]',
    fromText: parsedJson,
    env: "MILLRACE_OIDC",
    about: "other sign-in providers",
    usual: [],
    isSecret: true,
  },
  smtp: {
    schema: z.string().regex(/^smtps?:\/\/\S+$/),
    must: "the address of a mail server, such as smtp://user:password@mail.example:587",
    env: "MILLRACE_SMTP",
    about: "mail server for notifications and for confirmation and reset links",
    usual: null,
    none: "none",
    isSecret: true,
  },
  mailFrom: {
    ...text,
    env: "MILLRACE_MAIL_FROM",
    about: "sender of emails",
    usual: null,
    none: "millrace at the host of the public address",
  },
  localEmail: {
    schema: z.email().max(254),
    must: "an email address",
    env: "MILLRACE_LOCAL_EMAIL",
    about: "email address of the local user, while accounts are off",
    usual: null,
    none: "nowhere",
  },
} as const satisfies Record<string, Setting>;
