import type { Command } from "commander";
import { addLoad } from "./lab-load.ts";
import { addReport } from "./lab-report.ts";
import { addStudy } from "./lab-study.ts";

/** Reproducible measurements. Their dependencies are loaded on demand. */
export function addLab(program: Command): void {
  const lab = program.command("lab").description("load tests, studies, and their reports");
  addLoad(lab);
  addStudy(lab);
  addReport(lab);
}
