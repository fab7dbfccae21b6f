const USUAL_PORTS: Record<string, string> = { "postgres:": "5432" };
const ALIASES: Record<string, string> = { "postgresql:": "postgres:" };

/**
 * Whether two URLs name the same place on the same server: `postgres:` or `postgresql:`, with parameters in any order.
 */
export function isSamePlace(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(address: string): string {
  if (!/^[a-z]+:\/\//i.test(address) || !URL.canParse(address)) return address;
  const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(address);
  const scheme = ALIASES[protocol] ?? protocol;
  const parameters = [...searchParams].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0));
  const path = pathname === "/" ? "" : decoded(pathname);
  const parts = [scheme, decoded(username), decoded(password), hostname.toLowerCase()];
  return JSON.stringify([...parts, port || (USUAL_PORTS[scheme] ?? ""), path, parameters]);
}

/** Decodes percent-encoding; text with a bare percent sign stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
