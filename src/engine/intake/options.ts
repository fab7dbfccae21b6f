import { firstIssues } from "../../domain/issues.ts";
import type { FileRef, Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { ReceivedFile } from "../engine.ts";

/** The parsed options of a job, the files they name, and how they count for the content key. */
export interface ResolvedOptions {
  options: Json;
  attachments: FileRef[];
  content: Json;
}

/** Looks up an artifact that the options name; rejects when it is not the owner's. */
export type FindArtifact = (artifactId: string) => Promise<Omit<FileRef, "artifactId">>;

/**
 * Parses options by the pipeline's schema. Files that they name become attachments of the job.
 * @param files received with the request or before it, that belong to `fileOption` fields, by path
 */
export async function resolveOptions(
  pipeline: Pipeline,
  jobId: string,
  raw: unknown,
  files: ReadonlyMap<string, ReceivedFile>,
  find: FindArtifact,
): Promise<ResolvedOptions> {
  // Only what is changed here is copied.
  const given = files.size > 0 ? structuredClone(raw ?? {}) : (raw ?? {});
  for (const path of files.keys()) setAt(given, path);
  const parsed = await pipeline.options.safeParseAsync(given);
  if (!parsed.success) throw invalid(parsed.error.issues);
  const attachments: FileRef[] = [];

  const walk = async (value: unknown): Promise<{ options: Json; content: Json }> => {
    if (Array.isArray(value)) {
      const parts = await Promise.all(value.map(walk));
      return { options: parts.map((part) => part.options), content: parts.map((part) => part.content) };
    }
    if (value === null || typeof value !== "object")
      return { options: value as Json, content: value as Json };
    if (isFile(value)) {
      const part = value.artifactId.startsWith(PART) && files.get(value.artifactId.slice(PART.length));
      const source = part || (await find(value.artifactId));
      const artifactId = `${jobId}.file.${attachments.length}`;
      attachments.push({ ...source, artifactId });
      return { options: { artifactId }, content: { sha256: source.sha256 } };
    }
    const options: { [key: string]: Json } = {};
    const content: { [key: string]: Json } = {};
    for (const [key, part] of Object.entries(value)) {
      if (part === undefined) continue;
      const resolved = await walk(part);
      options[key] = resolved.options;
      content[key] = resolved.content;
    }
    return { options, content };
  };
  return { ...(await walk(parsed.data)), attachments };
}

/** Marks a field as a file of the request until the job has its id. */
const PART = "part:";

function isFile(value: object): value is { artifactId: string } {
  const keys = Object.keys(value);
  return keys.length === 1 && typeof (value as { artifactId?: unknown }).artifactId === "string";
}

function setAt(options: unknown, path: string): void {
  const keys = path.split(".");
  if (keys.some((key) => key === "__proto__" || key === "constructor" || key === "prototype" || key === "")) {
    throw new MillraceError("invalid_request", `"${path.slice(0, 80)}" is not the name of an option.`);
  }
  let target = options as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    if (typeof target !== "object" || target === null) break;
    target[key] ??= {};
    target = target[key] as Record<string, unknown>;
  }
  if (typeof target !== "object" || target === null) {
    throw new MillraceError("invalid_options", `The options leave no place for the file "${path}".`);
  }
  target[keys.at(-1)!] = { artifactId: PART + path };
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[]): MillraceError {
  const list = firstIssues(issues);
  const text = list.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return new MillraceError("invalid_options", text, { extra: { issues: list } });
}
