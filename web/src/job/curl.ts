import type { Job, Json } from "../api/contract.ts";

/** The command that would send the same job again, for a shell; a comment counts the files that it does not name. */
export function curlOf(
  job: Pick<Job, "pipeline" | "options" | "items">,
  origin: string,
  total = job.items.length,
): string {
  const parts = [`curl ${quote(`${origin}/v1/jobs`)}`, `-F ${quote(`pipeline=${job.pipeline}`)}`];
  if (!isEmpty(job.options)) parts.push(`-F ${quote(`options=${JSON.stringify(job.options)}`)}`);
  const data = job.items.flatMap((item) =>
    (item.data ?? null) === null ? [] : [{ name: item.name, data: item.data }],
  );
  if (data.length > 0) parts.push(`-F ${quote(`items=${JSON.stringify(data)}`)}`);
  for (const item of job.items) {
    if (item.input) parts.push(`-F ${quote(`files=@${fileName(item.name)}`)}`);
  }
  const missing = total - job.items.length;
  return parts.join(" \\\n  ") + (missing > 0 ? ` # + ${missing}` : "");
}

/** For POSIX shells: in single quotes nothing is special but the quote itself. */
function quote(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** curl reads `;` and `,` after a file's name as its own; a quoted name is taken as it is. */
function fileName(name: string): string {
  return /[;,"\\]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
}

function isEmpty(value: Json): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}
