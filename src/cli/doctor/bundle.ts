import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { arch, availableParallelism, loadavg, release, totalmem, type } from "node:os";
import { operatorToken } from "../../accounts/operator.ts";
import { isLocal } from "../../compose/adapters.ts";
import type { Config } from "../../compose/config.ts";
import { installationSecrets } from "../../compose/secrets.ts";
import { version } from "../../compose/version.ts";
import { signer } from "../../domain/keys.ts";
import { masked } from "../../domain/masking.ts";
import { serverUrl } from "../client/server-url.ts";
import type { Check } from "./check.ts";
import type { Setting } from "./settings.ts";

const ANSWER_MS = 10_000;
const MOST_GROUPS = 50;

/** Data from a running server. None of it contains files, inputs, error texts or user names. */
const asked = {
  readiness: "/readyz",
  metrics: "/metrics",
  queues: "/v1/admin/queues",
  workers: "/v1/admin/workers",
  scale: "/v1/admin/scale",
} as const;

/**
 * Writes a JSON file with everything that helps someone else to help. Review it before sending it. Settings appear as
 * in `doctor`, without secrets, and everything else is masked again.
 */
export async function writeBundle(
  path: string,
  { config, checks, settings }: { config: Config | null; checks: Check[]; settings: Setting[] },
): Promise<void> {
  const bundle = {
    writtenAt: new Date().toISOString(),
    version: version(),
    node: process.version,
    machine: {
      system: `${type()} ${release()} ${arch()}`,
      processors: availableParallelism(),
      load: loadavg(),
      memoryBytes: totalmem(),
      constrainedMemoryBytes: process.constrainedMemory() || null,
    },
    checks,
    settings,
    server: config && (await serverState(config)),
  };
  await writeFile(path, `${masked(JSON.stringify(bundle, withoutUsers, 2))}\n`, { mode: 0o600 });
}

/** Removes the owners of jobs. */
function withoutUsers(key: string, value: unknown): unknown {
  return key === "owner" || key === "email" ? undefined : value;
}

async function serverState(config: Config): Promise<Record<string, unknown>> {
  const url = serverUrl(undefined);
  // Reading the key would create a missing one, but a check must not create a data folder.
  const hasKey = config.secret !== null || !isLocal(config.store) || existsSync(config.data);
  const secrets = hasKey ? await installationSecrets(config).catch(() => null) : null;
  const token = secrets && operatorToken(signer(secrets, "operator"), Date.now());
  const get = async (path: string): Promise<unknown> => {
    try {
      const response = await fetch(url + path, {
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      if (response.status !== 200 && path !== asked.readiness) return `status ${response.status}`;
      return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text.split("\n");
    } catch (error) {
      return `no answer: ${(error as Error).message}`;
    }
  };
  const told = Object.entries(asked).map(async ([name, path]) => [name, await get(path)] as const);
  const groups = (await get(`/v1/admin/dead-letters/groups?limit=${MOST_GROUPS}`)) as {
    items?: { queue: string; code: string; count: number }[];
  };
  // Error messages may quote user input.
  const deadLetters = groups.items?.map(({ queue, code, count }) => ({ queue, code, count })) ?? groups;
  return { ...Object.fromEntries(await Promise.all(told)), deadLetters };
}
