import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf, freePort, startMillrace } from "../crash/processes.ts";
import { bombs, canceled } from "./bombs.ts";
import { flood } from "./flood.ts";
import { forged } from "./forged.ts";
import { json, origins, paths, smuggling } from "./requests.ts";
import { streams } from "./streams.ts";
import type { Attack, Target } from "./target.ts";
import { forms, reservations, resumable, trickled } from "./uploads.ts";

export interface Finding {
  attack: string;
  tries: number;
  seconds: number;
  findings: string[];
}

/** Attacks that measure time come first; those that fill or wait for the queue come last. */
const attacks: readonly Attack[] = [
  origins,
  smuggling,
  paths,
  json,
  streams,
  resumable,
  forms,
  trickled,
  reservations,
  canceled,
  forged,
  bombs,
  flood,
];

/** Starts a server, runs one attack after the other against it, and reports the findings of each. */
export async function attack(options: {
  short: boolean;
  only?: readonly string[];
  onEnd?: (finding: Finding) => void;
}): Promise<Finding[]> {
  const data = await mkdtemp(join(tmpdir(), "millrace-attack-"));
  const server = await startMillrace({
    port: await freePort(),
    args: ["--data", data, "--workers", "1", "--log-level", "error"],
  });
  try {
    const children = childrenOf(server.child.pid!);
    const api = children.find(({ role }) => role === "api")!;
    const target: Target = {
      url: server.url,
      port: Number(new URL(server.url).port),
      pid: api.pid,
      workers: children.filter(({ role }) => role === "worker").map(({ pid }) => pid),
      short: options.short,
    };
    const found: Finding[] = [];
    for (const one of attacks) {
      if (options.only ? !options.only.includes(one.name) : options.short && one.isLong) continue;
      const before = server.errors().length;
      const began = performance.now();
      const { tries, findings } = await one.run(target);
      const alive = await fetch(`${target.url}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
      const same = childrenOf(server.child.pid!).some((child) => child.pid === api.pid);
      const finding = {
        attack: one.name,
        tries,
        seconds: Math.round((performance.now() - began) / 1_000),
        findings: [
          ...findings,
          ...(alive ? [] : ["the server does not answer"]),
          ...(same ? [] : ["the API has died"]),
          ...faultsIn(server.errors().slice(before)),
        ],
      };
      found.push(finding);
      options.onEnd?.(finding);
    }
    return found;
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** Log lines of requests that failed because of a bug of ours. */
function faultsIn(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => line.includes('"a request failed"'))
    .slice(0, 3)
    .map((line) => `in the log: ${line.slice(0, 300)}`);
}
