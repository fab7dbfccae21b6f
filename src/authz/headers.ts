import type { Verdict } from "./check.ts";

/**
 * Headers that every response contains, in this order. Proxies overwrite the client's headers with them, so a missing
 * one would let a forged value through.
 */
export const identityHeaders = [
  "x-auth-user",
  "x-auth-email",
  "x-auth-roles",
  "x-auth-scopes",
  "x-auth-stale",
] as const;

/** Values in the order of `identityHeaders`. */
export function identityValues({ holder, isStale }: Pick<Verdict, "holder" | "isStale">): string[] {
  const stale = isStale ? "true" : "";
  if (!holder) return ["", "", "", "", stale];
  const { user, email, roles, scopes } = holder;
  return [plain(user), plain(email ?? ""), listed(roles), listed(scopes), stale];
}

function listed(names: readonly string[]): string {
  const [first = ""] = names;
  if (names.length < 2 && !first.includes(",")) return plain(first);
  // Keep a comma within a name from splitting it.
  return names.map((name) => plain(name).replaceAll(",", "%2C")).join(",");
}

/** Percent-encodes characters that a header cannot contain. */
function plain(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : encodeURI(text.toWellFormed());
}
