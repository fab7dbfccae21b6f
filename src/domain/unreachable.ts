const CAUSES: Record<string, string> = {
  ECONNREFUSED: "the connection was refused: nothing is listening there",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name cannot be resolved at present",
  ETIMEDOUT: "the connection timed out",
  TimeoutError: "the connection timed out",
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the host",
  ENOENT: "the socket does not exist",
  EACCES: "this user is not allowed to open the socket",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its TLS certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its TLS certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its TLS certificate is not trusted",
  CERT_HAS_EXPIRED: "its TLS certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another host name",
};

/**
 * Why a server is unreachable, in words and with the code: `the host name is unknown (ENOTFOUND)`. Clients wrap the
 * socket's error, sometimes several times and without a message of their own.
 */
export function whyUnreachable(error: unknown): string {
  const chain = within(error);
  for (const { code, name } of chain) {
    const known = [code, name].find((one) => typeof one === "string" && one in CAUSES);
    if (known) return `${CAUSES[known]} (${known})`;
  }
  const said = chain.findLast(({ message }) => message);
  return said?.message ?? (error instanceof Error ? error.name : String(error));
}

type Failure = Error & { code?: string; errors?: unknown[] };

/** An error and its nested errors, causes last. */
function within(error: unknown): Failure[] {
  if (!(error instanceof Error)) return [];
  const { errors = [], cause } = error as Failure;
  return [error as Failure, ...[...errors, cause].flatMap(within)];
}
