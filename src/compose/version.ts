import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of the package: two levels up, both in a checkout and when built. */
export const packageRoot = join(import.meta.dirname, "..", "..");

export function version(): string {
  return manifest().version;
}

/** The version of a package that this version of Millrace depends on. */
export function dependencyVersion(name: string): string {
  return manifest().dependencies[name]!;
}

function manifest(): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
}
