import { lookup, Resolver } from "node:dns/promises";

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** Resolves a host name to all its addresses. Rejects if there are none. */
export type Resolve = (name: string) => Promise<ResolvedAddress[]>;

const TIMEOUT_MS = 2_000;
const TRIES = 2;

/**
 * Queries name servers directly. The operating system's resolver would use libuv's few threads, so that a name server
 * that never answers would block file I/O.
 * @param system also use the operating system's resolver (`/etc/hosts`), for names that name servers do not know
 * @param servers instead of the machine's own, such as `127.0.0.1:5353`
 */
export function nameResolver({
  system = false,
  servers,
}: {
  system?: boolean;
  servers?: string[];
} = {}): Resolve {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const ask = async (name: string, family: 4 | 6): Promise<ResolvedAddress[]> => {
    const found = await (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name));
    return found.map((address) => ({ address, family }));
  };
  return async (name) => {
    const answers = await Promise.allSettled([ask(name, 4), ask(name, 6)]);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (found.length > 0) return found;
    if (system) {
      const known = await lookup(name, { all: true }).catch(() => []);
      if (known.length > 0) return known as ResolvedAddress[];
    }
    throw (
      answers.find((answer) => answer.status === "rejected")?.reason ?? new Error(`${name} has no address`)
    );
  };
}
