import { z } from "zod";
import { number, type Setting, text, whole } from "./setting.ts";

/** The authorization service. */
export const authzSettings = {
  authzRules: {
    ...text,
    env: "MILLRACE_AUTHZ_RULES",
    about: "file with the access rules of the authorization service",
    usual: null,
    none: "every user has access",
  },
  authzIssuer: {
    ...text,
    env: "MILLRACE_AUTHZ_ISSUER",
    about: "another token issuer that the authorization service accepts",
    usual: null,
    none: "none",
  },
  authzJwks: {
    schema: z.url({ protocol: /^https?$/ }),
    must: "an http: or https: address",
    env: "MILLRACE_AUTHZ_JWKS",
    about: "URL of that issuer's public keys",
    usual: null,
    none: "none",
  },
  authzAudience: {
    ...text,
    env: "MILLRACE_AUTHZ_AUDIENCE",
    about: "required audience of that issuer's tokens",
    usual: null,
    none: "anyone",
  },
  authzRolesClaim: {
    ...text,
    env: "MILLRACE_AUTHZ_ROLES_CLAIM",
    about: "claim with the roles in that issuer's tokens",
    usual: "roles",
  },
  authzCookie: {
    schema: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/),
    must: "the name of a cookie",
    env: "MILLRACE_AUTHZ_COOKIE",
    about: "cookie that can carry the token, besides the header Authorization",
    usual: null,
    none: "none",
  },
  authzGrpcPort: {
    ...whole(1, 65_535),
    env: "MILLRACE_AUTHZ_GRPC_PORT",
    about: "gRPC port of the authorization service for Envoy",
    usual: null,
    none: "none",
  },
  authzMaxStale: {
    ...number(1, 900),
    env: "MILLRACE_AUTHZ_MAX_STALE",
    about: "seconds that the last known revocations are used while the store is unavailable",
    usual: 1,
  },
} as const satisfies Record<string, Setting>;
