import { setTimeout as sleep } from "node:timers/promises";
import { Admin, type BaseOptions, Producer } from "@platformatic/kafka";
import { whyUnreachable } from "../../domain/unreachable.ts";
import { MillraceError } from "../../errors.ts";
import { unlessHeldUp } from "../held-up.ts";
import { isCoordinatorMoving, isRebalance, isRefusedUser, toError } from "./errors.ts";
import type { KafkaSettings } from "./settings.ts";

/** How long Kafka may take to answer a check before it counts as down. */
const HEALTH_MS = 2_000;

/** Options of every client. Clients do not retry, because each caller knows better when to give up. */
export function clientOptions(settings: KafkaSettings): BaseOptions {
  return {
    clientId: settings.clientId,
    bootstrapBrokers: settings.servers,
    connectTimeout: 2_000,
    requestTimeout: 5_000,
    retries: 0,
    retryDelay: 100,
    ...(settings.tls && { tls: {} }),
    ...(settings.sasl && { sasl: settings.sasl }),
  };
}

export function createAdmin(settings: KafkaSettings): Admin {
  return new Admin(clientOptions(settings));
}

/**
 * Confirms a record once all in-sync replicas have it, and writes it once even if the request is repeated. The client
 * requires retries for an idempotent producer; two are enough to find a partition's new leader.
 */
export function createProducer(settings: KafkaSettings): Producer {
  return new Producer({ ...clientOptions(settings), idempotent: true, retries: 2 });
}

/**
 * Retries while the group's coordinator is not ready, such as when a cluster creates its group table for the first
 * group, and while other members come and go: a dead one holds up the others for a session each.
 */
export async function whenCoordinated<T>(
  run: () => Promise<T>,
  { membersMs = 60_000 }: { membersMs?: number } = {},
): Promise<T> {
  const started = performance.now();
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const patience = isCoordinatorMoving(error) ? 10_000 : isRebalance(error) ? membersMs : 0;
      if (performance.now() - started >= patience) throw error;
      await sleep(100);
    }
  }
}

/** Resolves when Kafka answers; rejects with `unavailable` if it does not within 2 s. */
export async function checkHealth(admin: Admin): Promise<void> {
  const late = AbortSignal.timeout(HEALTH_MS);
  const timeout = new Promise<never>((_, reject) => {
    late.addEventListener("abort", () => reject(late.reason), { once: true });
  });
  try {
    await Promise.race([admin.metadata({ topics: [], forceUpdate: true }), timeout]);
  } catch (error) {
    throw toError(error, "checking its health");
  }
}

/** Like `checkHealth`, for the first use of a URL: the error names the address and the cause. */
export async function assertReachable(admin: Admin, { servers }: KafkaSettings): Promise<void> {
  try {
    // The check gives up by itself, so whatever fails later than that is its timeout.
    await unlessHeldUp(
      HEALTH_MS,
      () => true,
      () => checkHealth(admin),
    );
  } catch (error) {
    const { cause } = error as Error;
    const service = `Kafka at ${servers.join(", ")}`;
    if (isRefusedUser(cause)) {
      throw new MillraceError("config_invalid", `${service} rejects the user or password.`, { cause });
    }
    // Kafka does not say why it closes a connection.
    const why = /Connection closed$/.test((error as Error).message)
      ? "it closes the connection: it may require a user and password, or TLS (kafkas://)"
      : whyUnreachable(cause);
    throw new MillraceError("unavailable", `${service} cannot be used: ${why}.`, { cause });
  }
}
