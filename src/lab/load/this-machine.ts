import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { MillraceError } from "../../errors.ts";

export interface Address {
  address: string;
  family: number;
}

/**
 * Addresses of a target that is on this machine, or whose owner has consented, because load without consent is an
 * attack. Connect to these addresses, so that the name cannot resolve to another host later.
 * @param consent host name for which the owner has consented
 * @throws `config_invalid`
 */
export async function permittedAddresses(url: URL, consent: string | undefined): Promise<Address[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = await resolve(host);
  if (addresses.every(isThisMachine) || consent === host) return addresses;
  throw new MillraceError(
    "config_invalid",
    `${host} is not this machine. A load test without the operator's consent is an attack. ` +
      `If you operate this host, repeat the command with --yes-other-host ${host}.`,
  );
}

async function resolve(host: string): Promise<Address[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  return lookup(host, { all: true }).catch((cause: unknown) => {
    throw new MillraceError("config_invalid", `The host name ${host} cannot be resolved.`, { cause });
  });
}

/** Whether an address is in 127.0.0.0/8 or belongs to a network interface. */
function isThisMachine({ address, family }: Address): boolean {
  const own = new BlockList();
  own.addSubnet("127.0.0.0", 8, "ipv4");
  own.addAddress("::1", "ipv6");
  for (const one of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
    own.addAddress(one.address, one.family === "IPv6" ? "ipv6" : "ipv4");
  return own.check(address, family === 6 ? "ipv6" : "ipv4");
}
