import type { Verdict } from "./check.ts";

/**
 * The headers of every answer, in their order. A proxy copies them over those of the client: one that were missing would
 * let through what the client made up.
 */
export const identityHeaders = [
  "x-auth-user",
  "x-auth-email",
  "x-auth-roles",
  "x-auth-scopes",
  "x-auth-stale",
] as const;

/** Their values, in the same order. */
export function identityValues({ holder, isStale }: Pick<Verdict, "holder" | "isStale">): string[] {
  const stale = isStale ? "true" : "";
  if (!holder) return ["", "", "", "", stale];
  const { user, email, roles, scopes } = holder;
  return [plain(user), plain(email ?? ""), listed(roles), listed(scopes), stale];
}

function listed(names: readonly string[]): string {
  const [first = ""] = names;
  if (names.length < 2 && !first.includes(",")) return plain(first);
  // A comma in a name must not make two of it.
  return names.map((name) => plain(name).replaceAll(",", "%2C")).join(",");
}

/** What a header cannot carry is percent-encoded. */
function plain(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : encodeURI(text.toWellFormed());
}
