import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { accept } from "./accept.ts";
import { authz } from "./authz.ts";
import { batch } from "./batch.ts";
import { brokers } from "./brokers.ts";
import { budgets } from "./budgets.ts";
import { consoleViews } from "./console.ts";
import { convert } from "./convert.ts";
import { documents } from "./documents.ts";
import { faces } from "./faces.ts";
import { growth } from "./growth.ts";
import { isolation } from "./isolation.ts";
import { label } from "./label.ts";
import { latency } from "./latency.ts";
import { nearDuplicates } from "./near-duplicates.ts";
import { parts } from "./parts.ts";
import { sse } from "./sse.ts";
import { submit } from "./submit.ts";
import { tasks } from "./tasks.ts";
import { upload } from "./upload.ts";
import { webhooks } from "./webhooks.ts";
import { zip } from "./zip.ts";

/** By name, in the order of the document. */
export const benchmarks: { [name: string]: (session: Session) => Promise<Report> } = {
  accept,
  latency,
  tasks,
  parts,
  batch,
  submit,
  isolation,
  convert,
  upload,
  zip,
  documents,
  sse,
  webhooks,
  growth,
  "near-duplicates": nearDuplicates,
  console: consoleViews,
  authz,
  brokers,
  label,
  budgets,
  faces,
};
