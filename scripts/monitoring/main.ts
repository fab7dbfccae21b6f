/** `npm run monitoring`: writes the dashboard and the alert rules to `deploy/`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "../arguments.ts";
import { monitoringFiles } from "./files.ts";

readArguments({
  command: "npm run monitoring",
  about: "Writes the dashboard and the alert rules to deploy/.",
});
const deploy = join(import.meta.dirname, "..", "..", "deploy");
for (const [path, text] of monitoringFiles()) writeFileSync(join(deploy, path), text);
