import { MillraceError } from "../../errors.ts";

/** The settings in a `kafka://` URL. */
export interface KafkaSettings {
  /** `host:port` of some brokers; these report the others. */
  servers: string[];
  clientId: string;
  /** Prefix of every topic and group name. */
  prefix: string;
  /** Partitions of topics that we create: at most this many processes work on one queue at once. */
  partitions: number;
  /** Copies of each partition; -1: the cluster's default. */
  replicas: number;
  tls: boolean;
  sasl: { mechanism: SaslMechanism; username: string; password: string } | null;
  /** A group declares a member dead after this long without a heartbeat, ms. */
  sessionMs: number;
}

/** Overrides of the URL's settings. */
export type KafkaOptions = Partial<Pick<KafkaSettings, "prefix" | "partitions" | "sessionMs">>;

type SaslMechanism = (typeof mechanisms)[number];

const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/**
 * Parses `kafka://[user:password@]host:port[,host:port…][?name=value&…]`; `kafkas://` uses TLS. Parameters:
 * `partitions` (8), `replicas` (the cluster's default), `prefix` (`millrace`), `sasl` (`plain`, `scram-sha-256`,
 * `scram-sha-512`; `scram-sha-512` if there is a user).
 */
export function parseKafkaUrl(url: string, options: KafkaOptions = {}): KafkaSettings {
  const match = /^(kafkas?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/.exec(url);
  if (!match) throw invalid("it must have the form kafka://host:port,host:port");
  const [, scheme, credentials, hosts, query] = match;
  const parameters = new URLSearchParams(query ?? "");
  for (const name of parameters.keys()) {
    if (!known.has(name)) throw invalid(`the parameter "${name}" is unknown; use ${[...known].join(", ")}`);
  }
  const prefix = parameters.get("prefix") ?? "millrace";
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,59}$/.test(prefix)) {
    throw invalid("the prefix must be 1 to 60 letters, digits and dashes");
  }
  return {
    servers: hosts!.split(",").map(server),
    clientId: "millrace",
    prefix,
    partitions: count(parameters, "partitions", 8),
    replicas: parameters.has("replicas") ? count(parameters, "replicas", 1) : -1,
    tls: scheme === "kafkas",
    sasl: credentials ? sasl(credentials, parameters.get("sasl") ?? "scram-sha-512") : null,
    // The lowest value that Kafka allows by default: a dead member's messages come again soon.
    sessionMs: 6_000,
    ...options,
  };
}

const known = new Set(["partitions", "replicas", "prefix", "sasl"]);

function server(text: string): string {
  const match = /^(\[[0-9a-f:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(text);
  if (!match) throw invalid(`"${text}" is not a host and port`);
  return `${match[1]}:${match[2] ?? 9092}`;
}

function sasl(credentials: string, name: string): NonNullable<KafkaSettings["sasl"]> {
  const mechanism = mechanisms.find((one) => one.toLowerCase() === name.toLowerCase());
  if (!mechanism) throw invalid(`the mechanism "${name}" is unknown; use ${mechanisms.join(", ")}`);
  const [username = "", password = ""] = credentials.split(":").map(decodeURIComponent);
  return { mechanism, username, password };
}

function count(parameters: URLSearchParams, name: string, otherwise: number): number {
  const value = Number(parameters.get(name) ?? otherwise);
  if (!Number.isInteger(value) || value < 1 || value > 10_000)
    throw invalid(`${name} must be a whole number from 1 to 10000`);
  return value;
}

/** Does not repeat the URL, which may contain a password. */
function invalid(what: string): MillraceError {
  return new MillraceError("config_invalid", `The Kafka URL is not valid: ${what}.`);
}
