import { z } from "zod";
import { firstIssues } from "../domain/issues.ts";
import { MillraceError } from "../errors.ts";

export const MOST_RULES = 1_000;
/** Maximum number of `**` per pattern, because each one makes matching long paths slower. */
const MOST_WILDCARDS = 3;
const MOST_PATH_CHARACTERS = 4_096;

const name = z.string().min(1).max(100);
const rule = z.strictObject({
  path: z
    .string()
    .max(500)
    .regex(/^\/[^?#\s]*$/, "must begin with / and have no query")
    .refine(
      (path) => path.split("**").length - 1 <= MOST_WILDCARDS,
      `has more than ${MOST_WILDCARDS} ** wildcards`,
    )
    .describe("`*` matches one segment, `**` any number of segments."),
  methods: z
    .array(z.string().regex(/^[A-Z]{1,20}$/, "must be in capital letters"))
    .min(1)
    .optional(),
  access: z.enum(["public", "user", "nobody"]).default("user"),
  roles: z.array(name).min(1).optional().describe("One of them is needed."),
  scopes: z.array(name).min(1).optional().describe("One of them is needed."),
});

/** The rules file. The first matching rule decides. Without a match, access is denied. */
export const rulesSchema = z.strictObject({ rules: z.array(rule).max(MOST_RULES) });

export type Rule = z.output<typeof rule>;

/** `null` if no rule matches. */
export type FindRule = (method: string, path: string) => Rule | null;

/** Parses a rules file. Throws an error that says what is wrong. */
export function parseRules(text: string, file: string): Rule[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new MillraceError("config_invalid", `${file} is not JSON: ${(error as Error).message}`);
  }
  const read = rulesSchema.safeParse(json);
  if (read.success) return read.data.rules;
  const [first] = firstIssues(read.error.issues);
  throw new MillraceError(
    "config_invalid",
    `${file} is not valid: ${first!.path || "it"}: ${first!.message}`,
  );
}

export function compileRules(rules: readonly Rule[]): FindRule {
  const compiled = rules.map((rule) => ({ rule, pattern: patternOf(rule.path), methods: methodsOf(rule) }));
  return (method, path) => {
    const bare = withoutSlash(path);
    const found = compiled.find(
      ({ pattern, methods }) => (methods === null || methods.has(method)) && pattern.test(bare),
    );
    return found?.rule ?? null;
  };
}

function methodsOf({ methods }: Rule): Set<string> | null {
  if (!methods) return null;
  // GET implies HEAD.
  return new Set(methods.includes("GET") ? [...methods, "HEAD"] : methods);
}

const wildcards: Record<string, string> = { "/**": "(?:/.*)?", "**": ".*", "*": "[^/]+" };

/** Most servers treat `/a/` like `/a`, so rules do too. */
function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** `/a/**` also matches `/a`. */
function patternOf(path: string): RegExp {
  const parts = withoutSlash(path).split(/(\/\*\*$|\*\*|\*)/);
  const source = parts.map((part) => wildcards[part] ?? part.replace(/[.+^${}()|[\]\\]/g, "\\$&")).join("");
  return new RegExp(`^${source}$`, "s");
}

/**
 * Normalizes a request's path and drops the query. `null` if servers may interpret the path differently, such as
 * `/a/%2e%2e/b`, because we might then apply the wrong rule.
 */
export function plainPath(uri: string): string | null {
  const end = uri.search(/[?#]/);
  const raw = end < 0 ? uri : uri.slice(0, end);
  if (!raw.startsWith("/") || raw.length > MOST_PATH_CHARACTERS) return null;
  if (PLAIN.test(raw)) return raw;
  // `//host/a` may refer to another host, and unencoded bytes may be in any encoding.
  if (raw.startsWith("//") || /[^\x21-\x7e]/.test(raw)) return null;
  if (/%(?:2f|5c|25|00)|\\/i.test(raw)) return null;
  let path: string;
  try {
    path = decodeURIComponent(raw).replace(/\/{2,}/g, "/");
  } catch {
    return null;
  }
  if (/[\u0000-\u001f\u007f;]/.test(path) || path.split("/").some((part) => part === "." || part === ".."))
    return null;
  return path;
}

/** Nothing to decode, and no empty or dot segments. */
const PLAIN = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_~!$&'()*+,=:@.-]+)*\/?$/;
