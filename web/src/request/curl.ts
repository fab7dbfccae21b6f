import { patchBetween } from "../../../src/domain/operations.ts";
import type { Job, Json } from "../api/contract.ts";

/** Contents of a job, with file names instead of files. */
export interface Request {
  pipeline: string;
  options: Json;
  files: readonly string[];
  /** Changes of the options for each file. `null` for none. */
  fileOptions?: readonly Json[];
  /** File names for options, by option path. */
  optionFiles?: ReadonlyMap<string, string>;
  items?: readonly { name?: string; data: Json }[];
}

/** A shell command that sends the same job again. A comment counts the files that it does not name. */
export function curlOf(
  job: Pick<Job, "pipeline" | "options" | "items">,
  origin: string,
  total = job.items.length,
): string {
  const { pipeline, options } = job;
  const items = job.items.flatMap(({ name, data = null }) => (data === null ? [] : [{ name, data }]));
  const inputs = job.items.filter((item) => item.input);
  const files = inputs.map((item) => item.name);
  const fileOptions = inputs.map(({ options: own = null }) => own && patchBetween(options, own));
  const missing = total - job.items.length;
  return (
    curlCommand({ pipeline, options, files, fileOptions, items }, origin) +
    (missing > 0 ? ` # + ${missing}` : "")
  );
}

export function curlCommand(request: Request, origin: string): string {
  const { pipeline, options, files, fileOptions = [], optionFiles = new Map(), items = [] } = request;
  const parts = [`curl ${quote(`${origin}/v1/jobs`)}`, `-F ${quote(`pipeline=${pipeline}`)}`];
  if (!isEmpty(options)) parts.push(`-F ${quote(`options=${JSON.stringify(options)}`)}`);
  if (fileOptions.some((own) => own !== null))
    parts.push(`-F ${quote(`fileOptions=${JSON.stringify(fileOptions)}`)}`);
  if (items.length > 0) parts.push(`-F ${quote(`items=${JSON.stringify(items)}`)}`);
  for (const [path, name] of optionFiles) parts.push(`-F ${quote(`${path}=@${fileName(name)}`)}`);
  for (const name of files) parts.push(`-F ${quote(`files=@${fileName(name)}`)}`);
  return parts.join(" \\\n  ");
}

/** Quotes for POSIX shells, where only the quote itself is special within single quotes. */
export function quote(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** curl interprets `;` and `,` after a file name unless the name is quoted. */
function fileName(name: string): string {
  return /[;,"\\]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
}

export function isEmpty(value: Json): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}
