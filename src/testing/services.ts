import { connect } from "node:net";
import { describe, test } from "vitest";

/** Where a service listens. */
export interface ServiceAddress {
  host: string;
  port: number;
}

/**
 * Registers tests that need a service. If it is not available they are skipped with that reason. If `CI` is set,
 * `npm test` counts such a skip as a failure, so that no adapter goes untested unnoticed.
 */
export async function withService(
  name: string,
  address: ServiceAddress,
  define: () => void | Promise<void>,
): Promise<void> {
  return withServices({ [name]: address }, define);
}

/** Like `withService`, for tests that need several services. */
export async function withServices(
  addresses: Record<string, ServiceAddress>,
  define: () => void | Promise<void>,
): Promise<void> {
  const names = Object.keys(addresses);
  const answered = await Promise.all(Object.values(addresses).map(answers));
  const missing = names.filter((_, index) => !answered[index]);
  if (missing.length === 0) return define();
  const reason = missing
    .map((name) => `${name} (${addresses[name]!.host}:${addresses[name]!.port})`)
    .join(", ");
  describe(names.join(", "), () => {
    test("the services are there", (context) => context.skip(`missing: ${reason}`));
  });
}

/** Host and port of a service's URL. */
export function addressOf(url: string, port: number): ServiceAddress {
  const { hostname, port: given } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(given) || port };
}

/**
 * Servers that listen where a service should be, but reject the tests: `host:port`, comma-separated (see
 * `test/services/setup.ts`).
 */
const unusable = new Set(process.env.MILLRACE_TEST_UNUSABLE?.split(","));

function answers(address: ServiceAddress): Promise<boolean> {
  if (unusable.has(`${address.host}:${address.port}`)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(address);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}
