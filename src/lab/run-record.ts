import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { packageRoot, version } from "../compose/version.ts";
import type { RunRecord } from "./records.ts";

/** The environment of a measurement. */
export function runRecord(given: Pick<RunRecord, "seed" | "options" | "versions">): RunRecord {
  return {
    type: "run",
    at: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      memoryMiB: Math.round(totalmem() / 2 ** 20),
      system: `${type()} ${release()}`,
    },
    commit: commit(),
    ...given,
    versions: { node: process.versions.node, millrace: version(), ...given.versions },
  };
}

function commit(): string | null {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", packageRoot, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    // An installed package may be inside the checkout of another project.
    if (git("rev-parse", "--show-prefix") !== "") return null;
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain") === "" ? "" : "-dirty");
  } catch {
    return null;
  }
}
