import {
  type Accounts,
  createAccounts,
  type IdentificationParts,
  identification,
} from "../accounts/accounts.ts";
import type { Identities } from "../accounts/identities.ts";
import type { AccountsLog } from "../accounts/log.ts";
import type { MailSettings } from "../accounts/mail.ts";
import type { OwnerQuotas } from "../accounts/quotas.ts";
import type { Shares } from "../accounts/shares.ts";
import type { TokenVerifier } from "../authz/check.ts";
import type { Engine } from "../engine/engine.ts";
import type { Presets } from "../engine/presets.ts";
import { MillraceError } from "../errors.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { Access } from "../replica/access.ts";
import type { Config } from "./config.ts";
import { installationSecrets } from "./secrets.ts";

export interface AccountNeeds {
  engine: Engine;
  quotas: OwnerQuotas | null;
  shares: Shares;
  presets: Presets;
  access: Access;
  limiter: Limiter;
  log: StepLog;
}

/** Whose tokens of this installation are, for the authorization service. */
export function ownTokens(identities: Identities): TokenVerifier {
  return {
    async verify(token) {
      const identity = await identities.byBearer(token);
      if (!identity) return null;
      const { user, scopes } = identity;
      // An admin's key without that scope is no admin's. What was revoked has been looked at.
      const roles = [scopes.includes("admin") ? user.role : "user"];
      return { user: user.id, email: user.email, roles, scopes, token: null };
    },
  };
}

/** As `openAccounts`, for who only needs to know whose a token is. */
export async function openIdentities(
  config: Config,
  parts: Omit<IdentificationParts, "secrets" | "log"> & { log: StepLog },
): Promise<{ identities: Identities; close(): Promise<void> } | null> {
  if (config.auth === "off") return null;
  const { log, ...rest } = parts;
  const secrets = await installationSecrets(config);
  const { identities, keys } = identification({ ...rest, secrets, log: accountsLog(log) });
  return { identities, close: () => keys.close() };
}

function accountsLog(log: StepLog): AccountsLog {
  return {
    info: (facts, text) => log.info(text, facts),
    warn: (facts, text) => log.warn(text, facts),
  };
}

/** Called before the maps are loaded. The accounts of these settings; `null` where they are off. */
export async function openAccounts(
  config: Config,
  { engine, access, quotas, shares, presets, limiter, log }: AccountNeeds,
): Promise<Accounts | null> {
  if (config.auth === "off") return null;
  return createAccounts({
    engine,
    access,
    quotas,
    presets,
    shares,
    database: engine.database,
    limiter,
    secrets: await installationSecrets(config),
    settings: {
      registration: config.registration,
      passwordLogin: config.passwordLogin === "on",
      providers: config.oidc,
      mail: mailOf(config),
    },
    log: accountsLog(log),
  });
}

function mailOf({ smtp: url, mailFrom, publicUrl }: Config): MailSettings | null {
  if (url === null) return null;
  if (publicUrl === null) {
    throw new MillraceError(
      "config_invalid",
      "MILLRACE_SMTP needs MILLRACE_PUBLIC_URL, where the links of mails lead.",
    );
  }
  return { url, publicUrl, from: mailFrom ?? `millrace@${new URL(publicUrl).hostname}` };
}
