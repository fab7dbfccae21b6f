/** Names that resolve to internal addresses. */
export const forbiddenNames: Record<string, readonly string[]> = {
  "loopback.test": ["127.0.0.1"],
  "loopback6.test": ["::1"],
  "mapped.test": ["::ffff:7f00:1"],
  "compatible.test": ["::7f00:1"],
  "nat64.test": ["64:ff9b::7f00:1"],
  "sixtofour.test": ["2002:7f00:1::"],
  "mixed.test": ["93.184.215.14", "127.0.0.1"],
  "mixed-last.test": ["127.0.0.1", "93.184.215.14"],
  "mixed6.test": ["93.184.215.14", "::1"],
  "private.test": ["10.0.0.1"],
  "metadata.test": ["169.254.169.254"],
  "azure.test": ["168.63.129.16"],
  "aws6.test": ["fd00:ec2::254"],
  "zero.test": ["0.0.0.0"],
  "zero6.test": ["::"],
  "link.test": ["fe80::1"],
  "unassigned.test": ["4000::1"],
};

/** Internal networks and addresses, in every notation that some parser accepts. */
function hostileHosts(): string[] {
  const v4 = ["127.0.0.1", "127.0.0.2", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.254"];
  v4.push("192.168.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "168.63.129.16", "0.0.0.0");
  const forms = v4.flatMap((address) => {
    const parts = address.split(".").map(Number);
    const value = parts.reduce((sum, part) => sum * 256 + part, 0);
    const hex = value.toString(16).padStart(8, "0");
    const [high, low] = [hex.slice(0, 4), hex.slice(4)];
    return [
      address,
      `${address}.`,
      String(value),
      `0x${hex}`,
      `0${value.toString(8)}`,
      parts.map((part) => `0x${part.toString(16)}`).join("."),
      parts.map((part) => `0${part.toString(8)}`).join("."),
      `${parts[0]}.${(parts[1]! << 16) + (parts[2]! << 8) + parts[3]!}`,
      `${parts[0]}.${parts[1]}.${(parts[2]! << 8) + parts[3]!}`,
      `[::ffff:${address}]`,
      `[::ffff:${high}:${low}]`,
      `[::${high}:${low}]`,
      `[64:ff9b::${high}:${low}]`,
      `[64:ff9b:1::${high}:${low}]`,
      `[2002:${high}:${low}::]`,
      `[2001:0:${high}:${low}::1]`,
      `[2001:470::5efe:${high}:${low}]`,
      `[::ffff:0:${high}:${low}]`,
    ];
  });
  const v6 = [
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
  ];
  v6.push("ff02::1", "100::1", "2001:db8::1", "3fff::1", "4000::1", "5f00::1", "8000::1", "2001:2::1");
  const others = ["localhost", "LOCALHOST", "127.1", "127.0.1", "0", "0x0", "①②⑦.⓪.⓪.①", "127。0。0。1"];
  others.push("１２７.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.192", "198.18.0.1");
  others.push("192.0.2.1", "192.88.99.1", "100.100.100.200", ...Object.keys(forbiddenNames));
  return [...forms, ...v6.map((address) => `[${address}]`), ...others];
}

/** More cases: schemes, credentials, and URLs that parsers disagree about. */
export function hostileUrls(port: number): string[] {
  const at = `127.0.0.1:${port}`;
  return [
    ...hostileHosts().map((host) => `http://${host}:${port}/`),
    `https://${at}/`,
    `http://user@${at}/`,
    `http://user:secret@${at}/`,
    `http://public.test@${at}/`,
    `http://public.test:80@${at}/`,
    `http://${at}#@public.test/`,
    `http://${at}\\@public.test/`,
    `http:\\\\${at}/`,
    `http:/${at}/`,
    `http:${at}`,
    `http:///${at}/`,
    `//${at}/`,
    `\thttp://${at}/`,
    `http://127.0.0\n.1:${port}/`,
    `http://127.0.0.1%00.public.test:${port}/`,
    `http://127.0.0.1%2f@public.test:${port}/`,
    `http://[::1%25lo]:${port}/`,
    `http://[::1%lo]:${port}/`,
    `ftp://${at}/`,
    `gopher://${at}/_GET`,
    `file:///etc/passwd`,
    `data:text/plain,hello`,
    `javascript:alert(1)`,
    `ws://${at}/`,
    `unix:/var/run/docker.sock`,
    `http+unix://%2Fvar%2Frun%2Fdocker.sock/info`,
    `jar:http://${at}!/`,
    `s3://bucket/key`,
    "http://",
    "",
    `http://127.0.0.1:${port}@[::1]:${port}/`,
  ];
}
