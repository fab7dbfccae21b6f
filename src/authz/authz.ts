import type { IncomingMessage, ServerResponse } from "node:http";
import type { StepLog } from "../pipeline/context.ts";
import type { Access } from "../replica/access.ts";
import { type Check, createCheck, type TokenVerifier, type Verdict } from "./check.ts";
import { answerChecks } from "./http-checks.ts";
import type { RuleSource } from "./shared-rules.ts";

/** Check counts by outcome. */
export interface CheckCounts {
  byStatus: Record<Verdict["status"], number>;
  /** Checks based on the last known state. */
  stale: number;
}

/** Authorizes requests to other servers on behalf of their proxies. */
export interface Authz {
  readonly check: Check;
  /** Handles a request to `/authz/check`. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  counts(): CheckCounts;
  /** Reports an unexpected error, after which the check returns 503. */
  onError(error: unknown): void;
}

export interface AuthzParts {
  access: Access;
  /** Verifiers of accepted tokens, in order. */
  verifiers: readonly TokenVerifier[];
  rules: Pick<RuleSource, "current">;
  /** Cookie that may hold a token. `null` for none. */
  cookie: string | null;
  log?: Pick<StepLog, "error">;
}

export function createAuthz({ access, verifiers, rules, cookie, log }: AuthzParts): Authz {
  const { revocations } = access;
  const judge = createCheck({ verifiers, revocations, guard: access.guard(), rules: rules.current, cookie });
  const counts: CheckCounts = { byStatus: { 200: 0, 401: 0, 403: 0, 503: 0 }, stale: 0 };
  const count = (verdict: Verdict) => {
    counts.byStatus[verdict.status]++;
    if (verdict.isStale) counts.stale++;
    return verdict;
  };
  const check: Check = (request) => {
    const verdict = judge(request);
    return verdict instanceof Promise ? verdict.then(count) : count(verdict);
  };
  const onError = (error: unknown) => {
    count({ status: 503, holder: null, isStale: false, detail: "" });
    log?.error("an access check failed", { error: String((error as Error)?.stack ?? error) });
  };
  return { check, answer: answerChecks(check, onError), counts: () => counts, onError };
}
