/** `npm run monitoring`: writes the dashboard and the alert rules to `deploy/`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitoringFiles } from "./files.ts";

const deploy = join(import.meta.dirname, "..", "..", "deploy");
for (const [path, text] of monitoringFiles()) writeFileSync(join(deploy, path), text);
