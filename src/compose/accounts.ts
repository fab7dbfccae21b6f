import {
  type Accounts,
  createAccounts,
  type IdentificationParts,
  identification,
} from "../accounts/accounts.ts";
import type { Identities } from "../accounts/identities.ts";
import type { AccountsLog } from "../accounts/log.ts";
import type { OwnerQuotas } from "../accounts/quotas.ts";
import type { Shares } from "../accounts/shares.ts";
import type { TokenVerifier } from "../authz/check.ts";
import type { Engine } from "../engine/engine.ts";
import type { Presets } from "../engine/presets.ts";
import type { Mailer } from "../notices/mailer.ts";
import type { Notices } from "../notices/notices.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { Access } from "../replica/access.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { Config } from "./config.ts";
import { installationSecrets } from "./secrets.ts";

export interface AccountNeeds {
  engine: Engine;
  quotas: OwnerQuotas | null;
  shares: Shares;
  presets: Presets;
  webhooks: Webhooks;
  access: Access;
  limiter: Limiter;
  mailer: Mailer | null;
  notices: Notices;
  log: StepLog;
}

/** Verifies this installation's own tokens, for the authorization service. */
export function ownTokens(identities: Identities): TokenVerifier {
  return {
    async verify(token) {
      const identity = await identities.byBearer(token);
      if (!identity) return null;
      const { user, scopes } = identity;
      // An admin's key without that scope is not an admin's. Revocations have already been checked.
      const roles = [scopes.includes("admin") ? user.role : "user"];
      return { user: user.id, email: user.email, roles, scopes, token: null };
    },
  };
}

/** Like `openAccounts`, for processes that only identify the owner of a token. */
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

/** The accounts of these settings; `null` if they are off. Call it before the maps are loaded. */
export async function openAccounts(
  config: Config,
  { engine, access, quotas, shares, presets, webhooks, limiter, mailer, notices, log }: AccountNeeds,
): Promise<Accounts | null> {
  if (config.auth === "off") return null;
  return createAccounts({
    engine,
    access,
    quotas,
    presets,
    shares,
    webhooks,
    database: engine.database,
    limiter,
    mailer,
    notices,
    secrets: await installationSecrets(config),
    settings: {
      registration: config.registration,
      passwordLogin: config.passwordLogin === "on",
      providers: config.oidc,
    },
    log: accountsLog(log),
  });
}
