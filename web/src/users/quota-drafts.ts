import type { Quotas } from "../../../src/client/index.ts";

export type QuotaName = keyof Quotas;
export const quotaNames: readonly QuotaName[] = [
  "jobs",
  "itemsPerDay",
  "storedBytes",
  "requestsPerMinute",
  "streams",
];

/** Byte quotas are in GB. `value` is `null` while the field is empty. */
export type QuotaDraft = { mode: "usual" } | { mode: "none" } | { mode: "own"; value: number | null };
export type QuotaDrafts = Record<QuotaName, QuotaDraft>;

const gigabyte = 1_000 ** 3;

export function draftsOf(quotas: Partial<Quotas>): QuotaDrafts {
  const draft = (name: QuotaName): QuotaDraft => {
    const limit = quotas[name];
    if (limit === undefined) return { mode: "usual" };
    if (limit === null) return { mode: "none" };
    return { mode: "own", value: name === "storedBytes" ? limit / gigabyte : limit };
  };
  return Object.fromEntries(quotaNames.map((name) => [name, draft(name)])) as QuotaDrafts;
}

export function quotasOf(drafts: QuotaDrafts): Partial<Quotas> {
  const quotas: Partial<Quotas> = {};
  for (const name of quotaNames) {
    const draft = drafts[name];
    if (draft.mode === "none") quotas[name] = null;
    if (draft.mode !== "own") continue;
    const value = draft.value ?? 0;
    quotas[name] = name === "storedBytes" ? Math.round(value * gigabyte) : value;
  }
  return quotas;
}

export function isValidQuota(name: QuotaName, draft: QuotaDraft): boolean {
  if (draft.mode !== "own") return true;
  const { value } = draft;
  return (
    value !== null &&
    value >= 0 &&
    (name === "storedBytes" ? Number.isFinite(value) : Number.isInteger(value))
  );
}
