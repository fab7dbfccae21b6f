import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./version.ts";

/** Folder of the built page; `null` if it was not built. */
export function pageFolder(): string | null {
  const folder = join(packageRoot, "web", "dist");
  return existsSync(join(folder, "index.html")) ? folder : null;
}

/** Folder of the sample pictures; `null` if they are not installed. */
export function samplesFolder(): string | null {
  const folder = join(packageRoot, "samples");
  return existsSync(folder) ? folder : null;
}
