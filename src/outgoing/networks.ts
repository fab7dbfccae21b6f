import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A private network that outgoing requests may reach. */
export interface Network {
  address: Address;
  /** Prefix length. */
  bits: number;
}

/**
 * Parses networks as operators write them: `10.1.0.0/16`, `fd12:3456::/32`, or a single address.
 * @throws TypeError that names the invalid entry
 */
export function parseNetworks(list: readonly string[]): Network[] {
  return list.map((entry) => {
    const [text = "", bits, ...rest] = entry.trim().split("/");
    const address = parseAddress(text);
    const most = address?.kind() === "ipv4" ? 32 : 128;
    const length = bits === undefined ? most : Number(bits);
    if (!address || rest.length > 0 || !/^\d{1,3}$/.test(bits ?? "0") || length > most) {
      throw new TypeError(`"${entry}" is not a network, such as 10.1.0.0/16 or fd12:3456::/32`);
    }
    return { address, bits: length };
  });
}

/**
 * Addresses of cloud services for the machine itself, which hand out credentials: metadata, task roles, DNS and agents
 * of AWS, Azure, Google, Oracle, Alibaba, Tencent and Scaleway. Allowing a network that contains one does not open it.
 */
const METADATA = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.169.123",
  "169.254.169.253",
  "169.254.42.42",
  "169.254.0.23",
  "168.63.129.16",
  "100.100.100.200",
  "100.88.222.5",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd00:ec2::253",
  "fd00:ec2::123",
  "fd00:ec2::23",
  "fd20:ce::254",
  "fd00:42::42",
].map((text) => ipaddr.parse(text).toNormalizedString());

/** Checks addresses. Those in `allowed` may be used on any port. */
export function addressJudge(allowed: readonly Network[]) {
  const isExact = (address: Address) =>
    allowed.some(({ address: one, bits }) => bits === lengthOf(one) && same(one, address));
  const isCovered = (address: Address) =>
    allowed.some(({ address: one, bits }) => one.kind() === address.kind() && matches(address, one, bits));

  return (text: string): "public" | "allowed" | "forbidden" => {
    const address = parseAddress(text);
    if (address === null) return "forbidden";
    if (isExact(address)) return "allowed";
    if (METADATA.includes(address.toNormalizedString()) || carriesIpv4(address)) return "forbidden";
    if (isCovered(address)) return "allowed";
    return isPublic(address) ? "public" : "forbidden";
  };
}

/** Parses an address in standard notation. Rejects scopes (`%eth0`) and shortened or octal forms. */
function parseAddress(text: string): Address | null {
  if (text.includes("%")) return null;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return text.includes(":") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : null;
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast") return false;
  // Only 2000::/3 is assigned, but ipaddr.js treats much else as unicast.
  return address instanceof ipaddr.IPv4 || (address.parts[0]! & 0xe000) === 0x2000;
}

const IPV4_INSIDE = ["ipv4Mapped", "rfc6145", "rfc6052", "6to4", "teredo"];

/** IPv6 addresses that embed an IPv4 address, which would bypass the check. */
function carriesIpv4(address: Address): boolean {
  if (!(address instanceof ipaddr.IPv6)) return false;
  const { parts } = address;
  // `::7f00:1`, which is deprecated. `::` and `::1` do not embed an address.
  const isCompatible = parts.slice(0, 6).every((part) => part === 0) && parts[6] !== 0;
  const isIsatap = (parts[4]! & 0xfdff) === 0 && parts[5] === 0x5efe;
  return isCompatible || isIsatap || IPV4_INSIDE.includes(address.range());
}

function matches(address: Address, network: Address, bits: number): boolean {
  // Both are of the same kind, which the types cannot express.
  return (address as ipaddr.IPv6).match(network as ipaddr.IPv6, bits);
}

function same(one: Address, other: Address): boolean {
  return one.toNormalizedString() === other.toNormalizedString();
}

function lengthOf(address: Address): number {
  return address.kind() === "ipv4" ? 32 : 128;
}
