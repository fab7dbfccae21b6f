import { writeReport } from "../../lab/report/write-report.ts";
import { usageError } from "../output.ts";

export interface ReportFlags {
  html?: string;
  markdown?: string;
}

export async function report(records: string[], flags: ReportFlags): Promise<void> {
  if (flags.html === undefined && flags.markdown === undefined)
    throw usageError("Pass --html FILE, --markdown FILE, or both.");
  for (const path of await writeReport(records, flags)) console.log(path);
}
