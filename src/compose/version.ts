import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of the package: two above this file, in a checkout and when built. */
export const packageRoot = join(import.meta.dirname, "..", "..");

export function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;
}
