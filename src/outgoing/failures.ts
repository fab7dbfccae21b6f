import { MillraceError } from "../errors.ts";

/** Error messages for clients, which must not reveal the internal addresses in Node's messages. */
const WORDS: Record<string, string> = {
  ENOTFOUND: "its name is unknown",
  ENODATA: "its name has no address",
  EAI_AGAIN: "its name cannot be resolved at present",
  ETIMEOUT: "its name server does not answer",
  ESERVFAIL: "its name server failed",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was lost",
  EHOSTUNREACH: "it cannot be reached",
  ENETUNREACH: "it cannot be reached",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "it took too long to respond",
  UND_ERR_BODY_TIMEOUT: "it stopped sending",
  UND_ERR_SOCKET: "the connection was lost",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "it sent less data than it announced",
  UND_ERR_HEADERS_OVERFLOW: "its headers are too large",
};

export function transportError(error: unknown, { host }: URL): MillraceError {
  const known = causesOf(error);
  const ours = known.find((one) => one instanceof MillraceError);
  if (ours) return ours;
  const codes = known.map(({ code }) => String(code ?? ""));
  const words = codes.map((code) => WORDS[code] ?? tlsWords(code)).find(Boolean);
  const text = `${host} cannot be reached: ${words ?? "its response is not HTTP"}.`;
  return new MillraceError("fetch_failed", text, { cause: error });
}

function tlsWords(code: string): string | undefined {
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|HOSTNAME/.test(code)
    ? `its certificate is not trusted (${code.toLowerCase().replaceAll("_", " ")})`
    : undefined;
}

/** An error and its causes. Failures of several addresses arrive as one. */
function causesOf(error: unknown): (Error & { code?: unknown })[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [];
  return [error, ...inner.flatMap(causesOf), ...causesOf(error.cause)];
}
