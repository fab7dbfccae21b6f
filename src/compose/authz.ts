import { type Authz, createAuthz } from "../authz/authz.ts";
import type { TokenVerifier } from "../authz/check.ts";
import { issuerTokens } from "../authz/issuer-tokens.ts";
import { type RuleSource, ruleSource } from "../authz/shared-rules.ts";
import { MillraceError } from "../errors.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Access } from "../replica/access.ts";
import type { Config } from "./config.ts";

export interface OpenAuthz {
  authz: Authz;
  /** Call it once the maps are loaded. */
  start(): Promise<void>;
  close(): void;
}

/**
 * The authorization service of these settings. Call it before the maps are loaded.
 * @param own verifies tokens of this installation's accounts
 * @param now the store's clock
 */
export function openAuthz(
  config: Config,
  access: Access,
  { own, now, log }: { own: readonly TokenVerifier[]; now(): number; log: StepLog },
): OpenAuthz {
  const rules: RuleSource = ruleSource(access.replica, log);
  const verifiers = [...own, ...issuersOf(config, now)];
  const authz = createAuthz({ access, verifiers, rules, cookie: config.authzCookie, log });
  return { authz, start: () => rules.start(config.authzRules), close: rules.close };
}

function issuersOf(config: Config, now: () => number): TokenVerifier[] {
  const {
    authzIssuer: issuer,
    authzJwks: jwks,
    authzAudience: audience,
    authzRolesClaim: rolesClaim,
  } = config;
  if ((issuer === null) !== (jwks === null)) {
    throw new MillraceError("config_invalid", "Set both MILLRACE_AUTHZ_ISSUER and MILLRACE_AUTHZ_JWKS.");
  }
  return issuer === null || jwks === null ? [] : [issuerTokens({ issuer, jwks, audience, rolesClaim }, now)];
}
