import type { z } from "zod";
import { firstIssues } from "../../domain/issues.ts";
import { mergePatch } from "../../domain/operations.ts";
import type { FileRef, Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { ReceivedFile } from "../engine.ts";
import { withIntendedFields } from "./intended-fields.ts";

/** Parsed options, and their form in the content key: files by their hash. */
export interface ResolvedOptions {
  options: Json;
  content: Json;
}

/** Looks up an artifact that the options name; rejects if it is not the owner's. */
export type FindArtifact = (artifactId: string) => Promise<Omit<FileRef, "artifactId">>;

export interface GivenOptions {
  jobId: string;
  /** As the client sent them. */
  raw: unknown;
  /** Files for `fileOption` fields, by path, received with the request or before it. */
  files: ReadonlyMap<string, ReceivedFile>;
  find: FindArtifact;
}

/** Parses options with the pipeline's schema. Files that they name become attachments of the job. */
export interface OptionsResolver {
  readonly attachments: FileRef[];
  ofJob(): Promise<ResolvedOptions>;
  /**
   * The job's options with a merge patch applied.
   * @param path of the patch in the request, for error messages
   * @param name name of the file that the patch is for
   */
  patched(patch: unknown, path: readonly PropertyKey[], name: string): Promise<ResolvedOptions>;
}

export function optionsResolver(
  pipeline: Pipeline,
  { jobId, raw, files, find }: GivenOptions,
): OptionsResolver {
  // Copied only if it will be changed.
  const given = files.size > 0 ? structuredClone(raw ?? {}) : (raw ?? {});
  for (const path of files.keys()) setAt(given, path);
  const issuesOf = ({ issues }: z.ZodError) => withIntendedFields(issues, pipeline.options);
  const attachments: FileRef[] = [];
  const attached = new Map<string, Promise<FileRef>>();

  async function attach(named: string): Promise<FileRef> {
    const part = named.startsWith(PART) && files.get(named.slice(PART.length));
    const source = part || (await find(named));
    const file = { ...source, artifactId: `${jobId}.file.${attachments.length}` };
    attachments.push(file);
    return file;
  }

  async function walk(value: unknown): Promise<ResolvedOptions> {
    if (Array.isArray(value)) {
      const parts = await Promise.all(value.map(walk));
      return { options: parts.map((part) => part.options), content: parts.map((part) => part.content) };
    }
    if (value === null || typeof value !== "object")
      return { options: value as Json, content: value as Json };
    if (isFile(value)) {
      // Options of many items may name the same file.
      const file = attached.get(value.artifactId) ?? attach(value.artifactId);
      attached.set(value.artifactId, file);
      const { artifactId, sha256 } = await file;
      return { options: { artifactId }, content: { sha256 } };
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
  }

  return {
    attachments,
    async ofJob() {
      const parsed = await pipeline.options.safeParseAsync(given);
      if (!parsed.success) throw invalid(issuesOf(parsed.error));
      return walk(parsed.data);
    },
    async patched(patch, path, name) {
      const parsed = await pipeline.options.safeParseAsync(mergePatch(given as Json, patch as Json));
      if (parsed.success) return walk(parsed.data);
      const issues = issuesOf(parsed.error).map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
      throw invalid(issues, `The options of "${name.slice(0, 80)}" are not valid. `);
    },
  };
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
    throw new MillraceError("invalid_options", `No option takes the file "${path}".`);
  }
  target[keys.at(-1)!] = { artifactId: PART + path };
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[], start = ""): MillraceError {
  const list = firstIssues(issues);
  const text = start + list.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join(" ");
  return new MillraceError("invalid_options", text, { extra: { issues: list } });
}
